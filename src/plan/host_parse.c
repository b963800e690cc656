/* SPDX-License-Identifier: Apache-2.0 */
/* Parses host facts, and determines the visibility of procfs and sysfs from the mounts, by pure functions. */
#include "plan/host.h"

#include "base/path.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

void host_free_mounts(HostMount *mounts, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                free(mounts[i].target);
                free(mounts[i].root);
                free(mounts[i].fstype);
                free(mounts[i].source);
        }
        free(mounts);
}

/* Takes the next word of *@p, up to a space or the end of the line; returns false if there is none. */
static bool next_word(const char **p, const char **ret, size_t *ret_len)
{
        *p += strspn(*p, " ");
        size_t n = strcspn(*p, " \n");
        *ret = *p;
        *ret_len = n;
        *p += n;
        return n > 0;
}

/* Returns a copy with \040, \011, \012 and \134 replaced by their characters (proc_pid_mountinfo(5)); NULL:
 * out of memory, or an invalid escape. */
static char *unescape(const char *s, size_t len)
{
        char *out = malloc(len + 1);
        size_t n = 0;
        if (!out)
                return NULL;
        for (size_t i = 0; i < len; i++) {
                if (s[i] != '\\') {
                        out[n++] = s[i];
                        continue;
                }
                unsigned value = 0;
                for (size_t k = 1; k <= 3; k++) {
                        if (i + k >= len || s[i + k] < '0' || s[i + k] > '7') {
                                free(out);
                                return NULL;
                        }
                        value = value * 8 + (unsigned)(s[i + k] - '0');
                }
                if (value == 0 || value > 255) {
                        free(out);
                        return NULL;
                }
                out[n++] = (char)value;
                i += 3;
        }
        out[n] = '\0';
        return out;
}

static bool has_option(const char *options, size_t len, const char *name)
{
        size_t n = strlen(name);
        for (size_t i = 0; i + n <= len; i++)
                if (strncmp(options + i, name, n) == 0 && (i == 0 || options[i - 1] == ',') &&
                    (i + n == len || options[i + n] == ','))
                        return true;
        return false;
}

/* "ID PARENT MAJOR:MINOR ROOT TARGET OPTIONS [OPTIONAL...] - FSTYPE SOURCE SUPEROPTIONS" */
static int parse_mount(const char *line, HostMount *ret)
{
        const char *word, *root, *target, *options;
        size_t len, root_len, target_len, options_len;
        for (int i = 0; i < 2; i++)
                if (!next_word(&line, &word, &len) || strspn(word, "0123456789") < len)
                        return -EINVAL;
        if (!next_word(&line, &word, &len) || !memchr(word, ':', len) ||
            !next_word(&line, &root, &root_len) || !next_word(&line, &target, &target_len) ||
            !next_word(&line, &options, &options_len))
                return -EINVAL;
        do
                if (!next_word(&line, &word, &len))
                        return -EINVAL;
        while (!(len == 1 && word[0] == '-'));
        const char *source, *super;
        size_t source_len, super_len;
        if (!next_word(&line, &word, &len) || target[0] != '/')
                return -EINVAL;
        /* Kernels before 5.8 may omit an empty source. */
        (void)next_word(&line, &source, &source_len);
        (void)next_word(&line, &super, &super_len);
        HostMount m = {
                .target = unescape(target, target_len),
                .root = unescape(root, root_len),
                .fstype = unescape(word, len),
                .read_only = has_option(options, options_len, "ro"),
                .source = source_len > 0 ? unescape(source, source_len) : NULL,
                .nsdelegate = has_option(super, super_len, "nsdelegate"),
        };
        if (!m.target || !m.root || !m.fstype) {
                free(m.target);
                free(m.root);
                free(m.fstype);
                free(m.source);
                return -EINVAL;
        }
        *ret = m;
        return 0;
}

int host_parse_mountinfo(const char *text, HostMount **ret, size_t *ret_n)
{
        HostMount *mounts = NULL;
        size_t n = 0, room = 0;
        int r = 0;
        while (r == 0 && *text) {
                if (n == room) {
                        room = room ? 2 * room : 32;
                        HostMount *grown = reallocarray(mounts, room, sizeof(*mounts));
                        if (!grown) {
                                r = -ENOMEM;
                                break;
                        }
                        mounts = grown;
                }
                r = parse_mount(text, &mounts[n]);
                if (r == 0)
                        n++;
                text += strcspn(text, "\n");
                text += *text == '\n';
        }
        if (r < 0) {
                host_free_mounts(mounts, n);
                return r;
        }
        *ret = mounts;
        *ret_n = n;
        return 0;
}

/*
 * Directories that the kernel keeps empty: a mount over one hides no part of procfs or sysfs. They are
 * created by proc_create_mount_point(), register_sysctl_mount_point() and sysfs_create_mount_point().
 */
static const char *const empty_dirs[] = {
        "/proc/sys/fs/binfmt_misc",
        "/proc/fs/nfsd",
        "/proc/xen",
        "/proc/openprom",
        "/sys/fs/cgroup",
        "/sys/fs/fuse/connections",
        "/sys/kernel/debug",
        "/sys/kernel/tracing",
        "/sys/kernel/security",
        "/sys/kernel/config",
        "/sys/fs/bpf",
        "/sys/fs/pstore",
        "/sys/fs/selinux",
        "/sys/fs/smackfs",
        "/sys/fs/resctrl",
        "/sys/hypervisor/s390",
        "/sys/firmware/efi/efivars",
};

/* Returns whether mount @j hides a part of mount @i, so that the kernel would not show it in a new mount. */
static bool hides_a_part(const HostMount *mounts, size_t j, size_t i)
{
        const char *over = mounts[j].target, *of = mounts[i].target;
        if (j == i || !path_is_below(over, of))
                return false;
        /* On the same directory, the later mount is on top and hides everything below. */
        if (str_eq(over, of))
                return j > i;
        for (size_t k = 0; k < ARRAY_LEN(empty_dirs); k++)
                if (path_is_below(over, empty_dirs[k]))
                        return false;
        return true;
}

bool host_is_fully_visible(const HostMount *mounts, size_t n, const char *fstype, bool writable)
{
        for (size_t i = 0; i < n; i++) {
                const HostMount *m = &mounts[i];
                if (!str_eq(m->fstype, fstype) || !str_eq(m->root, "/") || (writable && m->read_only))
                        continue;
                bool hidden = false;
                for (size_t j = 0; j < n && !hidden; j++)
                        hidden = hides_a_part(mounts, j, i);
                if (!hidden)
                        return true;
        }
        return false;
}

/* Parses a decimal number of 32 bits that ends at @end. */
static bool parse_id(const char *s, const char *end, uint32_t *ret)
{
        uint64_t n = 0;
        if (s == end)
                return false;
        for (; s < end; s++) {
                if (!isdigit((unsigned char)*s) || n > UINT32_MAX)
                        return false;
                n = n * 10 + (uint64_t)(*s - '0');
        }
        if (n > UINT32_MAX)
                return false;
        *ret = (uint32_t)n;
        return true;
}

static bool is_owner(const char *name, size_t len, const char *user, uid_t uid)
{
        uint32_t id;
        if (user && strlen(user) == len && strncmp(name, user, len) == 0)
                return true;
        return parse_id(name, name + len, &id) && id == uid;
}

int host_parse_subid(const char *text, const char *user, uid_t uid, SubRanges *ret)
{
        SubRanges ranges = {0};
        for (const char *line = text; *line && ranges.n < HOST_RANGES_MAX;) {
                const char *end = line + strcspn(line, "\n");
                const char *one = memchr(line, ':', (size_t)(end - line));
                const char *two = one ? memchr(one + 1, ':', (size_t)(end - one - 1)) : NULL;
                SubRange r;
                if (two && is_owner(line, (size_t)(one - line), user, uid) &&
                    parse_id(one + 1, two, &r.start) && parse_id(two + 1, end, &r.count) && r.count > 0 &&
                    (uint64_t)r.start + r.count <= UINT32_MAX)
                        ranges.items[ranges.n++] = r;
                line = *end ? end + 1 : end;
        }
        *ret = ranges;
        return 0;
}

bool host_subid_is_in_files(const char *text)
{
        for (const char *line = text; *line; line += *line == '\n') {
                if (strncasecmp(line, "subid:", 6) == 0) {
                        const char *word = line + 6 + strspn(line + 6, " \t");
                        size_t n = strcspn(word, " \t\n");
                        if (n > 0)
                                return n == 5 && strncmp(word, "files", n) == 0;
                }
                line += strcspn(line, "\n");
        }
        return true;
}

static bool map_has(const char *map, const SubRange *range)
{
        unsigned inside, outside, count;
        for (const char *line = map; sscanf(line, "%10u %10u %10u", &inside, &outside, &count) == 3;) {
                if (range->start >= inside &&
                    (uint64_t)range->start + range->count <= (uint64_t)inside + count)
                        return true;
                line += strcspn(line, "\n");
                line += *line == '\n';
        }
        return false;
}

bool host_keep_mapped(const char *map, SubRanges *ranges)
{
        size_t kept = 0, n = ranges->n;
        for (size_t i = 0; i < n; i++)
                if (map_has(map, &ranges->items[i]))
                        ranges->items[kept++] = ranges->items[i];
        ranges->n = kept;
        return kept < n;
}
