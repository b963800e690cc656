/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches the disks that a sandbox writes to: space and inodes stay free on each, and DiskMax= limits the
 * size of the sandbox's files. An unprivileged process cannot set quotas, so the supervisor measures, and
 * ends the sandbox in time. A part of the supervisor.
 */
#pragma once

#include "plan/plan.h"

#include <poll.h>

typedef enum DiskEnd {
        DISK_FINE,
        DISK_FULL,       /* too little free space on a disk */
        DISK_MAX,        /* the sandbox exceeds DiskMax= */
        DISK_INODES_MAX, /* it exceeds DiskInodesMax= */
        DISK_UNMEASURED, /* a tree cannot be walked completely, so DiskMax= cannot be enforced */
} DiskEnd;

/** Free space, or free inodes, of a file system. */
typedef struct DiskSpace {
        uint64_t total, free;
} DiskSpace;

/** Bytes and inodes: to keep free, currently free, or used. */
typedef struct DiskAmount {
        uint64_t bytes, inodes;
} DiskAmount;

typedef struct Disk {
        int fd; /* a directory on it, O_PATH suffices; FD_NONE: none */
        uint64_t dev;
        DiskAmount floor;
        bool holds_trees; /* it has files of the sandbox, not only writable shares */
        char path[128];   /* for people */
} Disk;

#define DISKS_MAX 8

/** The size of a tree, or of the part of it that can be walked. */
typedef struct DiskUse {
        uint64_t bytes, entries;
        bool complete; /* otherwise the tree is larger: too deep, too many entries, or inaccessible */
} DiskUse;

typedef struct DiskWalk {
        DiskUse run, home;
} DiskWalk;

typedef struct DiskWatch {
        const Plan *plan;
        int timer; /* timerfd; FD_NONE: nothing is watched */
        Disk disks[DISKS_MAX];
        size_t n;
        int run, home;       /* the trees of the sandbox: borrowed; FD_NONE: none */
        int walker, answer;  /* the process of a walk: pidfd, and a pipe from it; FD_NONE: none */
        uint64_t walks;      /* number of walks */
        uint64_t walk_us;    /* duration of the last walk, or the start of the current one */
        uint64_t walked_us;  /* end of the last walk */
        DiskUse home_before; /* size of the kept home before the payload started */
        DiskAmount at_walk;  /* free space for the trees at the last walk */
        DiskAmount held;     /* size of the trees at the last walk */
        DiskEnd end;
        bool late;    /* the end was detected after the payload's exit */
        size_t which; /* DISK_FULL: the disk */
        bool inodes;  /* DISK_FULL: inodes ran out, not space */
} DiskWatch;

#define DISK_WATCH_NOTHING                                                                                   \
        ((DiskWatch){.timer = FD_NONE, .run = FD_NONE, .home = FD_NONE, .walker = FD_NONE, .answer = FD_NONE})

/**
 * disk_floor - return how much of a disk must stay free. Pure.
 *
 * @resources: DiskKeepFree=. @bytes, @inodes: the disk at the start.
 */
DiskAmount disk_floor(const PlanResources *resources, const DiskSpace *bytes, const DiskSpace *inodes);

/**
 * disk_interval_us - return when to check again: before a writer as fast as memory could use half of @floor.
 * Pure.
 *
 * @room: space above the floor. @floor: space that stays free. @rate: maximum per second.
 */
uint64_t disk_interval_us(uint64_t room, uint64_t floor, uint64_t rate);

/**
 * disk_measure_home - before the payload starts, measure the kept home, which does not count as the
 * sandbox's. Waits for the result, because later the payload's files could not be distinguished from it. Does
 * nothing if neither DiskMax= nor DiskInodesMax= is set.
 *
 * @home: FD_NONE: none. @userns: as with disk_poll_handle().
 *
 * Returns 0 or -errno with @err, also if it takes too long for a start.
 */
int disk_measure_home(DiskWatch *w, const PlanResources *resources, int home, int userns, Error *err);

/**
 * disk_begin - start to watch.
 *
 * @run: the run directory; FD_NONE: none. @home: the kept home; FD_NONE: none. Both are borrowed, and stay
 * open.
 *
 * Returns 0 or -errno with @err, also if a disk already has less free space than DiskKeepFree=.
 */
int disk_begin(DiskWatch *w, const Plan *plan, int run, int home, Error *err);

#define DISK_POLLS 2

/** disk_poll_prepare - fill DISK_POLLS entries. */
void disk_poll_prepare(const DiskWatch *w, struct pollfd fds[DISK_POLLS]);

/**
 * disk_poll_handle - check whether the sandbox must end.
 *
 * @userns: the sandbox's user namespace, whose ids own files that the user cannot read.
 *
 * Returns true once, when the sandbox must end: w->end is the reason.
 */
bool disk_poll_handle(DiskWatch *w, const struct pollfd fds[DISK_POLLS], int userns);

/**
 * disk_look_last - after all processes of the sandbox have exited, measure the files that stay, because the
 * last check missed recent writes. Takes at most 10 s; then the result is DISK_UNMEASURED. @userns: as with
 * disk_poll_handle().
 */
void disk_look_last(DiskWatch *w, int userns);

/** disk_tell - write to @out, for people, why the sandbox had to end. Returns @out. */
const char *disk_tell(const DiskWatch *w, char *out, size_t room);

/** disk_clear - close the watch's own descriptors. */
void disk_clear(DiskWatch *w);
