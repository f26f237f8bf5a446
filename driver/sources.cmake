# The driver's sources. DRIVER_PORTABLE also compiles for the host; DRIVER_WINDOWS needs a Windows target.
set(DRIVER_PORTABLE
  adapter.c
  arena.c
  guard.c
  ioctl.c
  main.c
  oid.c
  probe.c
  receive.c
  registration.c
  send.c
  statistics.c)
set(DRIVER_WINDOWS
  loadconfig.S
  probe_arm.S
  runtime.c)
set(DRIVER_SOURCES ${DRIVER_PORTABLE} ${DRIVER_WINDOWS})
