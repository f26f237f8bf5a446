/* SPDX-License-Identifier: MIT
 *
 * Only so that sources which include it before windows.h, as they must, compile on the host.
 */
