/* SPDX-License-Identifier: Apache-2.0 */
/* Formats sizes and times for people. */
#include "base/format.h"

#include <stdio.h>

char *format_bytes(uint64_t bytes, char *out, size_t room)
{
        static const char suffixes[] = "BKMGTPE";
        uint64_t unit = 1;
        size_t i = 0;
        if (bytes == UINT64_MAX) {
                (void)snprintf(out, room, "infinity");
                return out;
        }
        while (i + 2 < sizeof(suffixes) && bytes / unit >= 1024) {
                unit *= 1024;
                i++;
        }
        uint64_t tenths = (bytes % unit) * 10 / unit;
        if (tenths > 0)
                (void)snprintf(out, room, "%llu.%llu%c", (unsigned long long)(bytes / unit),
                               (unsigned long long)tenths, suffixes[i]);
        else
                (void)snprintf(out, room, "%llu%c", (unsigned long long)(bytes / unit), suffixes[i]);
        return out;
}

char *format_us(uint64_t us, char *out, size_t room)
{
        unsigned long long s = us / 1000000, ms = us / 1000 % 1000;
        if (s >= 3600)
                (void)snprintf(out, room, "%lluh %llumin", s / 3600, s / 60 % 60);
        else if (s >= 60)
                (void)snprintf(out, room, "%llumin %llus", s / 60, s % 60);
        else if (s > 0 && ms < 10)
                (void)snprintf(out, room, "%llus", s);
        else if (s > 0)
                (void)snprintf(out, room, "%llu.%02llus", s, ms / 10);
        else
                (void)snprintf(out, room, "%llums", ms);
        return out;
}
