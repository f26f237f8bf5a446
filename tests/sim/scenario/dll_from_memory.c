/* SPDX-License-Identifier: MIT
 * The DLL without a file: a program that carries it maps it by itself. Every export works, the driver package is found
 * in the image, and nothing of it lies on the machine's disk but what is staged. */
#include "dll_machine.h"
#include "memory_image.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *
read_dll(size_t *size)
{
    FILE *file = sim_option_dll ? fopen(sim_option_dll, "rb") : NULL;
    if (!file)
        sim_skip("no --dll");
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    void *bytes = malloc(*size);
    EXPECT_EQ(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

static const void *
find(void *image, const char *name)
{
    return memory_image_export(image, name);
}

static struct memory_image
load(struct client_dll *library)
{
    size_t size;
    void *bytes = read_dll(&size);
    struct memory_image image = memory_image_load(bytes, size);
    /* The program's copy goes; the image is all that there is. */
    memset(bytes, 0, size);
    free(bytes);
    *library = client_dll_resolve(&image, find);
    library->module = NULL;
    EXPECT_EQ(memory_image_export_count(&image), 14);
    return image;
}

static void
unload(struct memory_image *image, struct client_dll *library)
{
    SIM_CALL(library->SetLogger, 0);
    memory_image_unload(image);
}

CLIENT_PROGRAM(program_from_memory)
{
    uint64_t luid = 0;
    uint32_t size, sender, number;
    (void)argc;
    (void)argv;
    struct memory_image image = load(&dll);
    EXPECT_EQ((uint32_t)SIM_CALL(dll.GetRunningDriverVersion), 0);
    uintptr_t adapter = client_create("Memory");
    if (!adapter)
        sim_fail(__FILE__, __LINE__, "WintunCreateAdapter fails with error %u", client_last_error());
    EXPECT(client_logged("Staging driver package"));
    EXPECT((uint32_t)SIM_CALL(dll.GetRunningDriverVersion) != 0);
    EXPECT((uint32_t)SIM_CALL(dll.GetAdapterLUID, adapter, SIM_WORD(&luid)) != 0);
    EXPECT_EQ(luid >> 48, 53);
    uintptr_t opened = client_open("Memory");
    EXPECT(opened != 0);
    uintptr_t session = (uintptr_t)SIM_CALL(dll.StartSession, opened, 0x20000);
    EXPECT(session != 0);
    EXPECT(SIM_CALL(dll.GetReadWaitEvent, session) != 0);
    mark_set("ready");
    uint8_t *packet = client_receive(session, &size, 30000);
    EXPECT(packet && dll_check_numbered(packet, size, &sender, &number));
    uint8_t *answer = client_allocate(session, size);
    EXPECT(answer != NULL);
    memcpy(answer, packet, size);
    EXPECT((uint32_t)SIM_CALL(dll.ReleaseReceivePacket, session, SIM_WORD(packet)) != 0);
    EXPECT((uint32_t)SIM_CALL(dll.SendPacket, session, SIM_WORD(answer)) != 0);
    EXPECT(mark_wait("answered", 60000));

    /* A second copy, of a loader's making, beside it. */
    struct client_dll first = dll, second = client_dll_load(NULL);
    dll = second;
    uintptr_t other = client_create("File");
    EXPECT(other != 0);
    client_close(other);
    client_dll_free(&second);
    dll = first;

    EXPECT((uint32_t)SIM_CALL(dll.EndSession, session) != 0);
    client_close(opened);
    client_close(adapter);
    EXPECT((uint32_t)SIM_CALL(dll.DeleteDriver) != 0);
    unload(&image, &dll);
    /* And again, at another place. */
    image = load(&dll);
    adapter = client_create("Memory");
    EXPECT(adapter != 0);
    client_close(adapter);
    unload(&image, &dll);
    client_log_clear();
    return 0;
}

static atomic_uint answers;

static void
take(void *context, const uint8_t *data, uint32_t length, bool is_ipv6)
{
    uint32_t sender, number;
    (void)context;
    if (!is_ipv6 && dll_check_numbered(data, length, &sender, &number) && sender == 4 && number == 11)
        atomic_fetch_add(&answers, 1);
}

SIM_SCENARIO_ON(dll_mapped_from_memory_works_whole, DLL_SYSTEMS, 0)
{
    uint8_t data[200];
    struct sim_packet packet = {data, sizeof data};
    sim_machine_start();
    struct sim_process *client = dll_start("program_from_memory", NULL);
    for (unsigned i = 0; i < 60000 && !mark_is_set("ready"); i++)
        if (sim_process_wait(client, 1) >= 0)
            dll_finish(client);
    /* No file of the DLL yet. */
    char *path = sim_format("%s/Program/wintun.dll", sim_machine_root());
    EXPECT(access(path, F_OK) != 0);
    free(path);
    struct sim_adapter *adapter = sim_machine_adapter("Memory", 5000);
    EXPECT(adapter != NULL);
    EXPECT_EQ(sim_machine_counts(PRODUCT_HARDWARE_ID).packages, 1);
    sim_stack_on_receive(adapter, take, NULL);
    dll_make_numbered(data, sizeof data, 4, 11);
    EXPECT_EQ(sim_stack_send(adapter, &packet, 1, NULL, true, NULL), 1);
    for (unsigned i = 0; i < 30000 && !atomic_load(&answers); i++)
        usleep(1000);
    EXPECT_EQ(atomic_load(&answers), 1);
    mark_set("answered");
    dll_finish(client);
    dll_machine_end();
}
