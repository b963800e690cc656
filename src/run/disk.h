/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The disks that a sandbox writes to: each keeps space and inodes free, and DiskMax= bounds what the sandbox
 * holds. Without privilege there is no quota, so the supervisor looks, and ends the sandbox in time. A part
 * of it.
 */
#pragma once

#include "plan/plan.h"

#include <poll.h>

typedef enum DiskEnd {
        DISK_FINE,
        DISK_FULL,       /* a disk would keep too little free */
        DISK_MAX,        /* the sandbox holds more than DiskMax= */
        DISK_INODES_MAX, /* more than DiskInodesMax= */
        DISK_UNMEASURED, /* a tree that cannot be walked whole, while DiskMax= is to hold */
} DiskEnd;

/** Free space, or free inodes, of a file system. */
typedef struct DiskSpace {
        uint64_t total, free;
} DiskSpace;

/** An amount of both: how much of a disk stays free, how much is free, how much is held. */
typedef struct DiskAmount {
        uint64_t bytes, inodes;
} DiskAmount;

typedef struct Disk {
        int fd; /* O_PATH or more, of a directory on it; FD_NONE: none */
        uint64_t dev;
        DiskAmount floor;
        bool holds_trees; /* what the sandbox holds is on it, not only what it may write to */
        char path[128];   /* for people */
} Disk;

#define DISKS_MAX 8

/** What a tree holds, as far as it can be walked. */
typedef struct DiskUse {
        uint64_t bytes, entries;
        bool complete; /* else there is more: too deep, too many, or closed */
} DiskUse;

typedef struct DiskWalk {
        DiskUse run, home;
} DiskWalk;

typedef struct DiskWatch {
        const Plan *plan;
        int timer; /* timerfd, FD_NONE: nothing is watched */
        Disk disks[DISKS_MAX];
        size_t n;
        int run, home;       /* what the sandbox holds: borrowed, FD_NONE: none */
        int walker, answer;  /* who adds that up now: pidfd, and a pipe from it; FD_NONE: nobody */
        uint64_t walks;      /* how often that was done */
        uint64_t walk_us;    /* how long the last one took, or when this one began */
        uint64_t walked_us;  /* when the last one ended */
        DiskUse home_before; /* what was in the kept home before the payload began */
        DiskAmount at_walk;  /* what was free where the trees are */
        DiskAmount held;     /* what the sandbox held at the last one */
        DiskEnd end;
        bool late;    /* that was seen when the payload had ended */
        size_t which; /* DISK_FULL: the disk */
        bool inodes;  /* DISK_FULL: inodes ran out, not space */
} DiskWatch;

#define DISK_WATCH_NOTHING                                                                                   \
        ((DiskWatch){.timer = FD_NONE, .run = FD_NONE, .home = FD_NONE, .walker = FD_NONE, .answer = FD_NONE})

/**
 * disk_floor - how much of a disk is to stay free. Pure.
 *
 * @plan: DiskKeepFree=. @bytes, @inodes: the disk at the start.
 */
DiskAmount disk_floor(const PlanResources *resources, const DiskSpace *bytes, const DiskSpace *inodes);

/**
 * disk_interval_us - when to look again: before a writer as fast as memory could pass the floor by half of
 * it. Pure.
 *
 * @room: what may still be written above the floor. @floor: what stays free. @rate: how much a second at
 * most.
 */
uint64_t disk_interval_us(uint64_t room, uint64_t floor, uint64_t rate);

/**
 * disk_measure_home - before the payload begins: what the kept home holds, which is not the sandbox's doing.
 * Waited for, as later nobody could tell it from what the payload adds. Nothing where DiskMax= and
 * DiskInodesMax= are not set.
 *
 * @home: FD_NONE: none. @userns: as with disk_poll_handle().
 *
 * Returns 0 or -errno with @err: also when it takes longer than a start waits.
 */
int disk_measure_home(DiskWatch *w, const PlanResources *resources, int home, int userns, Error *err);

/**
 * disk_begin - start to watch.
 *
 * @run: the run's directory, FD_NONE: none. @home: the kept home, FD_NONE: none. Both stay the caller's, and
 * open.
 *
 * Returns 0 or -errno with @err: also when a disk has less than DiskKeepFree= now.
 */
int disk_begin(DiskWatch *w, const Plan *plan, int run, int home, Error *err);

#define DISK_POLLS 2

/** disk_poll_prepare - fill DISK_POLLS entries. */
void disk_poll_prepare(const DiskWatch *w, struct pollfd fds[DISK_POLLS]);

/**
 * disk_poll_handle - look whether the sandbox has to end.
 *
 * @userns: the sandbox's user namespace, whose ids own what the user can't walk.
 *
 * Returns whether it has, once: w->end says why.
 */
bool disk_poll_handle(DiskWatch *w, const struct pollfd fds[DISK_POLLS], int userns);

/**
 * disk_look_last - when nothing of the sandbox runs any more: measure what stays of it, as what was written
 * since the last look was not. At most 10 s; then it is DISK_UNMEASURED. @userns: as with disk_poll_handle().
 */
void disk_look_last(DiskWatch *w, int userns);

/** disk_tell - why it had to end, for people. Returns @out. */
const char *disk_tell(const DiskWatch *w, char *out, size_t room);

/** disk_clear - close what is its own. */
void disk_clear(DiskWatch *w);
