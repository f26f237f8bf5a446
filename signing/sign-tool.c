/* SPDX-License-Identifier: MIT
 * The host program of the signing pipeline; the verbs are in verb-*.c. */
#include "verbs.h"

#include <stdio.h>
#include <string.h>

int
main(int Count, char **Arguments)
{
    static const struct
    {
        const char *Name;
        int (*Run)(int Count, char **Arguments);
    } Verbs[] = {
        {"catalog", VerbCatalog}, {"check-key", VerbCheckKey}, {"check-signature", VerbCheckSignature},
        {"extract", VerbExtract}, {"hash", VerbHash},          {"same", VerbSame},
        {"strip", VerbStrip},     {"verify", VerbVerify},
    };

    for (size_t Index = 0; Count > 1 && Index < sizeof(Verbs) / sizeof(Verbs[0]); ++Index)
        if (!strcmp(Arguments[1], Verbs[Index].Name))
            return Verbs[Index].Run(Count - 1, Arguments + 1);
    fprintf(stderr, "usage: sign-tool {");
    for (size_t Index = 0; Index < sizeof(Verbs) / sizeof(Verbs[0]); ++Index)
        fprintf(stderr, "%s%s", Index ? "|" : "", Verbs[Index].Name);
    fprintf(stderr, "} ...\n");
    return 2;
}
