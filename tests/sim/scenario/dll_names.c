/* SPDX-License-Identifier: MIT
 * Names that are taken, and what else of an adapter stays the same from release to release. */
#include "dll_machine.h"

#include <stdlib.h>
#include <string.h>

static char *
alias_of(uintptr_t adapter)
{
    uint64_t luid = 0;
    uint16_t alias[257];
    SIM_CALL(dll.GetAdapterLUID, adapter, SIM_WORD(&luid));
    EXPECT_EQ((uint32_t)client_call("iphlpapi.dll", "ConvertInterfaceLuidToAlias", SIM_WORD(&luid),
                                    SIM_WORD(alias), 257),
              0);
    return sim_utf8_from(alias);
}

static void
expect_alias(uintptr_t adapter, const char *expected)
{
    char *alias = alias_of(adapter);
    if (!adapter || strcmp(alias, expected) != 0)
        sim_fail(__FILE__, __LINE__, "the connection is called %s and not %s", alias, expected);
    free(alias);
}

CLIENT_PROGRAM(program_taken_names)
{
    static const uint8_t guid[16] = {0x10, 0x32, 0x54, 0x76, 0x98, 0xBA, 0xDC, 0x4E,
                                     0x8F, 0x10, 1,    2,    3,    4,    5,    6};
    char longest[128], shorter[126];
    uint64_t luid, other;
    (void)argc;
    (void)argv;
    memset(longest, 'n', 127);
    longest[127] = 0;
    memset(shorter, 's', 125);
    shorter[125] = 0;
    client_begin();
    uintptr_t one = client_create_with("Same", "Kind of test", guid), two = client_create("Same"),
              three = client_create("sAME");
    expect_alias(one, "Same");
    expect_alias(two, "Same 1");
    expect_alias(three, "sAME 2");
    EXPECT(client_logged("The name Same is taken; the network connection is called Same 1"));
    /* Found by the name that the connection has, before the one it was created under. */
    SIM_CALL(dll.GetAdapterLUID, two, SIM_WORD(&luid));
    uintptr_t opened = client_open("Same 1");
    SIM_CALL(dll.GetAdapterLUID, opened, SIM_WORD(&other));
    EXPECT_EQ(luid, other);
    client_close(opened);
    SIM_CALL(dll.GetAdapterLUID, one, SIM_WORD(&luid));
    opened = client_open("Same");
    SIM_CALL(dll.GetAdapterLUID, opened, SIM_WORD(&other));
    EXPECT_EQ(luid, other);
    client_close(opened);
    /* Programs and users see these: they stay. */
    EXPECT(client_logged("Device SWD\\" PRODUCT_ENUMERATOR
                         "\\{76543210-ba98-4edc-8f10-010203040506} runs driver"));
    client_close(three);
    client_close(two);
    client_close(one);
    /* No number fits behind the longest name: the connection keeps the system's, and the adapter works. */
    one = client_create(longest);
    two = client_create(longest);
    expect_alias(one, longest);
    char *alias = alias_of(two);
    EXPECT(two != 0 && strcmp(alias, longest) != 0);
    free(alias);
    EXPECT(client_logged("cannot rename the network connection (result 0x80070034)")); /* ERROR_DUP_NAME */
    client_close(two);
    client_close(one);
    /* Behind one of 125 there is room. */
    char numbered[128];
    one = client_create(shorter);
    two = client_create(shorter);
    memcpy(numbered, shorter, 125);
    memcpy(numbered + 125, " 1", 3);
    expect_alias(two, numbered);
    client_close(two);
    client_close(one);
    client_end();
    return 0;
}

SIM_SCENARIO_ON(dll_names_that_are_taken_get_a_number, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    dll_run("program_taken_names", NULL);
    dll_machine_end();
}

/* ---- What the interface looks like ---- */

#define MTU_AT 152 /* NlMtu in MIB_IPINTERFACE_ROW */

CLIENT_PROGRAM(program_looks)
{
    static const uint8_t guid[16] = {0x10, 0x32, 0x54, 0x76, 0x98, 0xBA, 0xDC, 0x4E,
                                     0x8F, 0x10, 1,    2,    3,    4,    5,    6};
    /* DEVPKEY_Device_FriendlyName */
    static const uint8_t friendly_name[20] = {0x4e, 0x25, 0x5c, 0xa4, 0x1c, 0xdf, 0xfd, 0x4e, 0x80, 0x20,
                                              0x67, 0xd1, 0x46, 0xa8, 0x50, 0xe0, 14,   0,    0,    0};
    union
    {
        uint64_t align;
        uint16_t family;
        uint8_t bytes[168];
    } row;
    uint64_t luid;
    uint32_t mtu, node = 0, type = 0, size;
    uint16_t text[200],
        *id = sim_utf16_from("SWD\\" PRODUCT_ENUMERATOR "\\{76543210-BA98-4EDC-8F10-010203040506}");
    (void)argc;
    (void)argv;
    client_begin();
    uintptr_t adapter = client_create_with("Looks", "Kind of test", guid);
    EXPECT(adapter != 0);
    SIM_CALL(dll.GetAdapterLUID, adapter, SIM_WORD(&luid));
    for (unsigned i = 0; i < 2; i++) {
        memset(&row, 0, sizeof row);
        row.family = i ? 23 : 2;
        memcpy(row.bytes + 8, &luid, 8);
        EXPECT_EQ((uint32_t)client_call("iphlpapi.dll", "GetIpInterfaceEntry", SIM_WORD(&row)), 0);
        memcpy(&mtu, row.bytes + MTU_AT, 4);
        EXPECT_EQ(mtu, 65535);
    }
    size = sizeof text;
    EXPECT_EQ((uint32_t)client_call("cfgmgr32.dll", "CM_Locate_DevNodeW", SIM_WORD(&node), SIM_WORD(id), 0),
              0);
    EXPECT_EQ((uint32_t)client_call("cfgmgr32.dll", "CM_Get_DevNode_PropertyW", node, SIM_WORD(friendly_name),
                                    SIM_WORD(&type), SIM_WORD(text), SIM_WORD(&size), 0),
              0);
    char *name = sim_utf8_from(text);
    EXPECT(strcmp(name, "Kind of test Tunnel") == 0);
    EXPECT(!client_logged("may be switched off"));
    free(name);
    free(id);
    client_close(adapter);
    client_end();
    return 0;
}

SIM_SCENARIO_ON(dll_description_instance_and_mtu_stay_as_documented, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    /* The families come one long after the other, and both are there when the adapter is. */
    sim_machine_conditions.delay_ms = 100;
    for (unsigned i = 0; i < 3; i++)
        dll_run("program_looks", NULL);
    dll_machine_end();
}
