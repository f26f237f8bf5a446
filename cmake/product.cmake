# The one definition of the product. Driver, INF, DLL, resources, installer, signing and tests take every
# machine-wide name from here (cmake/product.h.in and the other *.in files), so a vendor rebrands by changing
# this file alone: give every GUID a new value, they identify the product on a machine.

set(PRODUCT_NAME "Tunlane")
set(PRODUCT_FILE "tunlane") # base name of .sys, .inf, .cat, the service and the tool
set(PRODUCT_COMPANY "Tunlane")
set(PRODUCT_DESCRIPTION "Tunlane Tunnel")
set(PRODUCT_COPYRIGHT "Copyright (C) 2026 The Tunlane authors. MIT License.")
set(PRODUCT_URL "")

set(PRODUCT_VERSION_MAJOR 0)
set(PRODUCT_VERSION_MINOR 1)
set(PRODUCT_VERSION_PATCH 0)
# DriverVer's date decides between staged packages before the version does, so it rises with the version
# and is never taken from a commit. MM/DD/YYYY.
set(PRODUCT_DRIVER_DATE "11/21/2026")

# What PnP knows the product by. The hardware id of an adapter is also the software-device enumerator.
set(PRODUCT_HARDWARE_ID "Tunlane")
set(PRODUCT_ENUMERATOR "Tunlane")
# Control device: \Device\<name><NetLuidIndex>, opened as \\.\Global\<name><NetLuidIndex>.
set(PRODUCT_DEVICE_NAME "Tunlane")
set(PRODUCT_POOL_TAG "TunL")
# Property keys of our own on every device node (kind, pool, owner process, owner's creation time).
set(PRODUCT_PROPERTY_GUID "6f3f9b5e-2f0d-4c63-9f0a-5d6a3b8e71c4")
# Container of the machine-wide lock file and of extracted packages, below %SystemRoot%.
set(PRODUCT_DATA_FOLDER "Tunlane")

set(PRODUCT_VERSION "${PRODUCT_VERSION_MAJOR}.${PRODUCT_VERSION_MINOR}.${PRODUCT_VERSION_PATCH}")
