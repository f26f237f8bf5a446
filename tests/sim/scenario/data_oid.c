/* SPDX-License-Identifier: MIT
 * OID requests: every length of buffer, what is answered, what a set keeps and what it refuses. */
#include <string.h>
#include "ring_client.h"
#include "product.h"
#include "scenario.h"

/* Every OID that the driver lists and some that it does not, with every length around what it needs. */
SIM_SCENARIO(data_oid_lengths_are_judged)
{
    static const struct
    {
        uint32_t oid, needs;
    } queries[] = {
        {OID_GEN_INTERRUPT_MODERATION, 12},
        {OID_GEN_MAXIMUM_TOTAL_SIZE, 4},
        {OID_GEN_TRANSMIT_BLOCK_SIZE, 4},
        {OID_GEN_RECEIVE_BLOCK_SIZE, 4},
        {OID_GEN_TRANSMIT_BUFFER_SPACE, 4},
        {OID_GEN_RECEIVE_BUFFER_SPACE, 4},
        {OID_GEN_VENDOR_ID, 4},
        {OID_GEN_VENDOR_DRIVER_VERSION, 4},
        {OID_GEN_STATISTICS, 152},
    };
    uint8_t buffer[256];
    uint32_t written, needed;
    struct ring_fixture fixture;
    ring_fixture_start(&fixture, 0);
    struct sim_adapter *adapter = fixture.adapter;
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        for (uint32_t length = 0; length <= queries[i].needs + 1; length++) {
            NDIS_STATUS status =
                sim_adapter_query(adapter, queries[i].oid, buffer, length, &written, &needed);
            if (length >= queries[i].needs) {
                EXPECT_EQ((uint32_t)status, 0);
                EXPECT_EQ(written, queries[i].needs);
            } else {
                EXPECT(status == NDIS_STATUS_BUFFER_TOO_SHORT || status == NDIS_STATUS_INVALID_LENGTH);
                EXPECT_EQ(needed, queries[i].needs);
            }
        }
    }
    /* 64-bit counters answer half of themselves in 4 bytes. */
    for (uint32_t length = 0; length <= 9; length++) {
        NDIS_STATUS status = sim_adapter_query(adapter, OID_GEN_XMIT_OK, buffer, length, &written, &needed);
        EXPECT_EQ((uint32_t)status, length < 4 ? (uint32_t)NDIS_STATUS_INVALID_LENGTH : 0);
        EXPECT_EQ(written, length < 4 ? 0 : length < 8 ? 4 : 8);
        EXPECT(length >= 8 || needed == 8);
    }
    uint32_t filter = 1;
    for (uint32_t length = 0; length < 4; length++) {
        EXPECT_EQ((uint32_t)sim_adapter_set(adapter, OID_GEN_CURRENT_PACKET_FILTER, &filter, length, &needed),
                  (uint32_t)NDIS_STATUS_INVALID_LENGTH);
        EXPECT_EQ(needed, 4);
    }
    EXPECT_EQ((uint32_t)sim_adapter_set(adapter, OID_GEN_CURRENT_PACKET_FILTER, &filter, 4, &needed), 0);
    filter = 0x40000000; /* no filter that it supports */
    EXPECT_EQ((uint32_t)sim_adapter_set(adapter, OID_GEN_CURRENT_PACKET_FILTER, &filter, 4, &needed),
              (uint32_t)NDIS_STATUS_NOT_SUPPORTED);
    EXPECT_EQ((uint32_t)sim_adapter_query(adapter, 0x01010101, buffer, 6, &written, &needed),
              (uint32_t)NDIS_STATUS_NOT_SUPPORTED);
    EXPECT_EQ((uint32_t)sim_adapter_set(adapter, 0xFC01020C, buffer, 36, &needed),
              (uint32_t)NDIS_STATUS_NOT_SUPPORTED);
    /* The same when paused. */
    sim_adapter_pause(adapter, NDIS_PAUSE_ATTACH_FILTER);
    EXPECT_EQ((uint32_t)sim_adapter_query(adapter, OID_GEN_STATISTICS, buffer, 152, &written, &needed), 0);
    ring_fixture_stop(&fixture);
}

static uint32_t
query_number(struct sim_adapter *adapter, uint32_t oid)
{
    uint32_t value, written;
    EXPECT_EQ((uint32_t)sim_adapter_query(adapter, oid, &value, sizeof(value), &written, NULL), 0);
    EXPECT_EQ(written, sizeof(value));
    return value;
}

SIM_SCENARIO(data_oid_answers_are_what_they_have_to_be)
{
    struct ring_fixture fixture;
    ring_fixture_start(&fixture, 0);
    struct sim_adapter *adapter = fixture.adapter;
    char text[200];
    uint32_t written, needed, length = sizeof(PRODUCT_DESCRIPTION), value;
    for (uint32_t given = 0; given <= length + 1; given++) {
        NDIS_STATUS status =
            sim_adapter_query(adapter, OID_GEN_VENDOR_DESCRIPTION, text, given, &written, &needed);
        EXPECT_EQ((uint32_t)status, given < length ? (uint32_t)NDIS_STATUS_BUFFER_TOO_SHORT : 0);
        EXPECT_EQ(written, given < length ? 0 : length);
        EXPECT(given >= length || needed == length);
    }
    EXPECT(memcmp(text, PRODUCT_DESCRIPTION, length) == 0); /* the terminator too */
    EXPECT_EQ(query_number(adapter, OID_GEN_VENDOR_DRIVER_VERSION),
              PRODUCT_VERSION_MAJOR << 16 | PRODUCT_VERSION_MINOR);
    EXPECT_EQ(query_number(adapter, OID_GEN_MAXIMUM_TOTAL_SIZE), 0xFFFF);

    for (unsigned i = 0; i < 2; i++) {
        value = i ? NDIS_PACKET_TYPE_DIRECTED : NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_BROADCAST;
        EXPECT_EQ((uint32_t)sim_adapter_set(adapter, OID_GEN_CURRENT_PACKET_FILTER, &value, 4, NULL), 0);
        EXPECT_EQ(query_number(adapter, OID_GEN_CURRENT_PACKET_FILTER), value);
    }
    uint32_t wrong = 0x40000000; /* a set that fails changes nothing */
    EXPECT((uint32_t)sim_adapter_set(adapter, OID_GEN_CURRENT_PACKET_FILTER, &wrong, 4, NULL) != 0);
    EXPECT_EQ(query_number(adapter, OID_GEN_CURRENT_PACKET_FILTER), value);

    for (uint32_t given = 0; given < 4; given++) {
        EXPECT_EQ((uint32_t)sim_adapter_set(adapter, OID_GEN_CURRENT_LOOKAHEAD, &value, given, &needed),
                  (uint32_t)NDIS_STATUS_INVALID_LENGTH);
        EXPECT_EQ(needed, 4);
        EXPECT_EQ((uint32_t)sim_adapter_set(adapter, OID_PNP_SET_POWER, &value, given, &needed),
                  (uint32_t)NDIS_STATUS_INVALID_LENGTH);
        EXPECT_EQ(needed, 4);
    }
    /* Interrupts that there are none of cannot be moderated. */
    uint8_t moderation[12];
    EXPECT_EQ((uint32_t)sim_adapter_query(adapter, OID_GEN_INTERRUPT_MODERATION, moderation, 12, NULL, NULL),
              0);
    EXPECT_EQ((uint32_t)sim_adapter_set(adapter, OID_GEN_INTERRUPT_MODERATION, moderation, 12, NULL),
              (uint32_t)NDIS_STATUS_INVALID_DATA);
    ring_fixture_stop(&fixture);
}

/* Nothing that could wake the system was offered, and nothing can be turned on. */
SIM_SCENARIO(data_oid_power_parameters_are_judged)
{
    struct ring_fixture fixture;
    ring_fixture_start(&fixture, 0);
    const NDIS_PM_PARAMETERS good = {
        .Header = {NDIS_OBJECT_TYPE_DEFAULT, 1, NDIS_SIZEOF_NDIS_PM_PARAMETERS_REVISION_1}};
    NDIS_PM_PARAMETERS bad;
    uint32_t needed;
#define SET(value, length)                                                                                   \
    (uint32_t) sim_adapter_set(fixture.adapter, OID_PM_PARAMETERS, value, length, &needed)
    for (uint32_t given = 0; given < good.Header.Size; given++) {
        EXPECT_EQ(SET(&good, given), (uint32_t)NDIS_STATUS_INVALID_LENGTH);
        EXPECT_EQ(needed, good.Header.Size);
    }
    EXPECT_EQ(SET(&good, good.Header.Size), 0);
    EXPECT_EQ(SET(&good, sizeof(good)), 0); /* of a later revision */
#define REFUSED(change)                                                                                      \
    do {                                                                                                     \
        bad = good;                                                                                          \
        change;                                                                                              \
        EXPECT_EQ(SET(&bad, sizeof(bad)), (uint32_t)NDIS_STATUS_INVALID_PARAMETER);                          \
    } while (0)
    REFUSED(bad.Header.Type++);
    REFUSED(bad.Header.Revision = 0);
    REFUSED(bad.Header.Size--);
    REFUSED(bad.EnabledWoLPacketPatterns = 1);
    REFUSED(bad.EnabledProtocolOffloads = 1);
    ring_fixture_stop(&fixture);
}
