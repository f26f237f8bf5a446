/* SPDX-License-Identifier: MIT
 *
 * Included before everything else in the seeded build: the scheduler gives way at every access to a ring and
 * at every interlocked operation.
 */
#ifndef ACCESS_POINT_H
#define ACCESS_POINT_H

void sched_point(void);
#define RING_ACCESS_POINT() sched_point()
#define WDK_ACCESS_POINT()  sched_point()

#endif
