/* SPDX-License-Identifier: MIT */
#include "catalog-asn1.h"

const uint8_t CatalogKindPe[12] = {0x30, 0x0a, 0x03, 0x02, 0x05, 0xa0, 0xa0, 0x04, 0xa2, 0x02, 0x80, 0x00};
const uint8_t CatalogKindFlat[4] = {0xa2, 0x02, 0x80, 0x00};

/* clang-format off: the macros are tables. */
ASN1_SEQUENCE(NAME_VALUE) =
    {
        ASN1_SIMPLE(NAME_VALUE, Name, ASN1_BMPSTRING),
        ASN1_SIMPLE(NAME_VALUE, Flags, ASN1_INTEGER),
        ASN1_SIMPLE(NAME_VALUE, Value, ASN1_OCTET_STRING),
} ASN1_SEQUENCE_END(NAME_VALUE) IMPLEMENT_ASN1_FUNCTIONS(NAME_VALUE)

        ASN1_SEQUENCE(MEMBER_INFO) =
            {
                ASN1_SIMPLE(MEMBER_INFO, Guid, ASN1_BMPSTRING),
                ASN1_SIMPLE(MEMBER_INFO, Version, ASN1_INTEGER),
} ASN1_SEQUENCE_END(MEMBER_INFO) IMPLEMENT_ASN1_FUNCTIONS(MEMBER_INFO)

                ASN1_SEQUENCE(INDIRECT_KIND) =
                    {
                        ASN1_SIMPLE(INDIRECT_KIND, Type, ASN1_OBJECT),
                        ASN1_SIMPLE(INDIRECT_KIND, Value, ASN1_ANY),
} ASN1_SEQUENCE_END(INDIRECT_KIND) IMPLEMENT_ASN1_FUNCTIONS(INDIRECT_KIND)

                        ASN1_SEQUENCE(INDIRECT_DATA) =
                            {
                                ASN1_SIMPLE(INDIRECT_DATA, Kind, INDIRECT_KIND),
                                ASN1_SIMPLE(INDIRECT_DATA, Digest, X509_SIG),
} ASN1_SEQUENCE_END(INDIRECT_DATA) IMPLEMENT_ASN1_FUNCTIONS(INDIRECT_DATA)

                                ASN1_SEQUENCE(LIST_ATTRIBUTE) =
                                    {
                                        ASN1_SIMPLE(LIST_ATTRIBUTE, Type, ASN1_OBJECT),
                                        ASN1_SET_OF(LIST_ATTRIBUTE, Values, ASN1_ANY),
} ASN1_SEQUENCE_END(LIST_ATTRIBUTE) IMPLEMENT_ASN1_FUNCTIONS(LIST_ATTRIBUTE)

                                        ASN1_SEQUENCE(LIST_MEMBER) =
                                            {
                                                ASN1_SIMPLE(LIST_MEMBER, Tag, ASN1_OCTET_STRING),
                                                ASN1_SET_OF(LIST_MEMBER, Attributes, LIST_ATTRIBUTE),
} ASN1_SEQUENCE_END(LIST_MEMBER) IMPLEMENT_ASN1_FUNCTIONS(LIST_MEMBER)

                                                ASN1_SEQUENCE(LIST_EXTENSION) =
                                                    {
                                                        ASN1_SIMPLE(LIST_EXTENSION, Type, ASN1_OBJECT),
                                                        ASN1_SIMPLE(LIST_EXTENSION, Value, ASN1_OCTET_STRING),
} ASN1_SEQUENCE_END(LIST_EXTENSION) IMPLEMENT_ASN1_FUNCTIONS(LIST_EXTENSION)

                                                        ASN1_SEQUENCE(TRUST_LIST) =
                                                            {
                                                                ASN1_SEQUENCE_OF(TRUST_LIST, Usage,
                                                                                 ASN1_OBJECT),
                                                                ASN1_SIMPLE(TRUST_LIST, Identifier,
                                                                            ASN1_OCTET_STRING),
                                                                ASN1_SIMPLE(TRUST_LIST, Time, ASN1_UTCTIME),
                                                                ASN1_SIMPLE(TRUST_LIST, MemberForm,
                                                                            X509_ALGOR),
                                                                ASN1_SEQUENCE_OF(TRUST_LIST, Members,
                                                                                 LIST_MEMBER),
                                                                ASN1_EXP_SEQUENCE_OF_OPT(TRUST_LIST,
                                                                                         Extensions,
                                                                                         LIST_EXTENSION, 0),
} ASN1_SEQUENCE_END(TRUST_LIST) IMPLEMENT_ASN1_FUNCTIONS(TRUST_LIST)

                                                                ASN1_SEQUENCE(LIST_CONTENT) =
                                                                    {
                                                                        ASN1_SIMPLE(LIST_CONTENT, Type,
                                                                                    ASN1_OBJECT),
                                                                        ASN1_EXP(LIST_CONTENT, List,
                                                                                 TRUST_LIST, 0),
} ASN1_SEQUENCE_END(LIST_CONTENT) IMPLEMENT_ASN1_FUNCTIONS(LIST_CONTENT)

                                                                        ASN1_SEQUENCE(UNSIGNED_DATA) =
                                                                            {
                                                                                ASN1_SIMPLE(UNSIGNED_DATA,
                                                                                            Version,
                                                                                            ASN1_INTEGER),
                                                                                ASN1_SET_OF(UNSIGNED_DATA,
                                                                                            DigestAlgorithms,
                                                                                            ASN1_ANY),
                                                                                ASN1_SIMPLE(UNSIGNED_DATA,
                                                                                            Content,
                                                                                            LIST_CONTENT),
                                                                                ASN1_SET_OF(UNSIGNED_DATA,
                                                                                            Signers,
                                                                                            ASN1_ANY),
} ASN1_SEQUENCE_END(UNSIGNED_DATA) IMPLEMENT_ASN1_FUNCTIONS(UNSIGNED_DATA)

                                                                                ASN1_SEQUENCE(
                                                                                    UNSIGNED_CATALOG) = {
                                                                                    ASN1_SIMPLE(
                                                                                        UNSIGNED_CATALOG,
                                                                                        Type, ASN1_OBJECT),
                                                                                    ASN1_EXP(UNSIGNED_CATALOG,
                                                                                             Data,
                                                                                             UNSIGNED_DATA,
                                                                                             0),
} ASN1_SEQUENCE_END(UNSIGNED_CATALOG) IMPLEMENT_ASN1_FUNCTIONS(UNSIGNED_CATALOG)
