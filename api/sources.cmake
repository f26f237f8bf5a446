# The DLL's sources, relative to this folder. session.c alone also compiles for the host (seam.h).
set(API_SOURCES
  control.c
  logger.c
  main.c
  runtime.c
  session.c
  system.c
  text.c)
