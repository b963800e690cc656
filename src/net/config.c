/* SPDX-License-Identifier: Apache-2.0 */
/* Encodes and decodes the configuration as items of a type, a length and bytes; an unknown type, a bad
 * length or remaining bytes make it invalid. */
#include "net/config.h"

#include "base/io.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define CONFIG_MAX (64u << 20)

typedef enum Tag {
        TAG_ALLOW = 1,
        TAG_DENY,
        TAG_FLAGS,
        TAG_LOOPBACK,
        TAG_PUBLISH,
        TAG_RATES,
        TAG_UPSTREAMS,
        TAG_END,
} Tag;

enum { FLAG_LIST = 1, FLAG_PRIVATE = 2, FLAG_SNI = 4 };

typedef struct Header {
        uint16_t tag, len;
} Header;

void net_config_clear(NetConfig *c)
{
        net_access_clear(&c->access);
        free(c->upstreams);
        *c = (NetConfig){0};
}

static void add_field(FILE *f, Tag tag, const void *data, size_t len)
{
        const Header h = {.tag = (uint16_t)tag, .len = (uint16_t)len};
        (void)fwrite(&h, sizeof(h), 1, f);
        (void)fwrite(data, 1, len, f);
}

static void add_text(FILE *f, Tag tag, const char *text)
{
        if (text)
                add_field(f, tag, text, strlen(text) + 1);
}

static int encode(const NetConfig *c, char **ret, size_t *ret_len)
{
        FILE *f = open_memstream(ret, ret_len);
        if (!f)
                return -ENOMEM;
        const uint32_t flags = (c->access.has_list ? FLAG_LIST : 0u) |
                               (c->access.allow_private ? FLAG_PRIVATE : 0u) |
                               (c->access.check_sni ? FLAG_SNI : 0u);
        const uint64_t rates[] = {c->access.rate_up, c->access.rate_down};
        for (size_t i = 0; i < c->access.allow.n; i++)
                add_text(f, TAG_ALLOW, c->access.allow.items[i]);
        for (size_t i = 0; i < c->access.deny.n; i++)
                add_text(f, TAG_DENY, c->access.deny.items[i]);
        add_field(f, TAG_FLAGS, &flags, sizeof(flags));
        for (size_t i = 0; i < c->access.n_loopback_ports; i++)
                add_field(f, TAG_LOOPBACK, &c->access.loopback_ports[i], sizeof(c->access.loopback_ports[i]));
        for (size_t i = 0; i < c->access.n_publish; i++)
                add_field(f, TAG_PUBLISH, &c->access.publish[i], sizeof(c->access.publish[i]));
        add_field(f, TAG_RATES, rates, sizeof(rates));
        add_text(f, TAG_UPSTREAMS, c->upstreams);
        add_field(f, TAG_END, "", 0);
        return fclose(f) == 0 ? 0 : -ENOMEM;
}

int net_config_write(const NetConfig *c, int *ret_fd)
{
        CLEANUP_FREE char *bytes = NULL;
        size_t len = 0;
        int r = encode(c, &bytes, &len);
        if (r < 0)
                return r;
        CLEANUP_FD int fd = memfd_create("kurung-net", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (fd < 0)
                return -errno;
        r = io_write_all(fd, bytes, len);
        if (r == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
                r = -errno;
        if (r == 0)
                *ret_fd = TAKE_FD(fd);
        return r;
}

static int copy(const uint8_t *data, size_t len, void *to, size_t size)
{
        if (len != size)
                return -EBADMSG;
        memcpy(to, data, size);
        return 0;
}

static bool is_text(const uint8_t *data, size_t len)
{
        return len > 0 && memchr(data, '\0', len) == data + len - 1;
}

static int take_text(const uint8_t *data, size_t len, char **to)
{
        if (*to || !is_text(data, len))
                return -EBADMSG;
        *to = strdup((const char *)data);
        return *to ? 0 : -ENOMEM;
}

static int take_field(NetConfig *c, uint16_t tag, const uint8_t *data, size_t len)
{
        uint32_t flags;
        uint64_t rates[2];
        int r;
        switch ((Tag)tag) {
        case TAG_ALLOW:
        case TAG_DENY:
                return is_text(data, len) ? strlist_add(tag == TAG_ALLOW ? &c->access.allow : &c->access.deny,
                                                        (const char *)data)
                                          : -EBADMSG;
        case TAG_FLAGS:
                r = copy(data, len, &flags, sizeof(flags));
                if (r < 0)
                        return r;
                c->access.has_list = flags & FLAG_LIST;
                c->access.allow_private = flags & FLAG_PRIVATE;
                c->access.check_sni = flags & FLAG_SNI;
                return 0;
        case TAG_LOOPBACK:
                if (c->access.n_loopback_ports == NET_LOOPBACK_PORTS_MAX)
                        return -EBADMSG;
                return copy(data, len, &c->access.loopback_ports[c->access.n_loopback_ports++],
                            sizeof(c->access.loopback_ports[0]));
        case TAG_PUBLISH:
                if (c->access.n_publish == NET_PUBLISH_MAX)
                        return -EBADMSG;
                return copy(data, len, &c->access.publish[c->access.n_publish++],
                            sizeof(c->access.publish[0]));
        case TAG_RATES:
                r = copy(data, len, rates, sizeof(rates));
                if (r < 0)
                        return r;
                c->access.rate_up = rates[0];
                c->access.rate_down = rates[1];
                return 0;
        case TAG_UPSTREAMS:
                return take_text(data, len, &c->upstreams);
        case TAG_END:
                break;
        }
        return -EBADMSG;
}

static int decode(const uint8_t *bytes, size_t size, NetConfig *c)
{
        for (size_t at = 0; size - at >= sizeof(Header);) {
                Header h;
                memcpy(&h, bytes + at, sizeof(h));
                at += sizeof(h);
                if (h.len > size - at)
                        return -EBADMSG;
                if (h.tag == TAG_END)
                        return at == size && h.len == 0 ? 0 : -EBADMSG;
                int r = take_field(c, h.tag, bytes + at, h.len);
                if (r < 0)
                        return r;
                at += h.len;
        }
        return -EBADMSG;
}

int net_config_read(int fd, NetConfig *ret)
{
        CLEANUP(net_config_clear) NetConfig c = {0};
        struct stat st;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (st.st_size <= 0 || (uint64_t)st.st_size > CONFIG_MAX)
                return -EBADMSG;
        size_t size = (size_t)st.st_size;
        CLEANUP_FREE uint8_t *bytes = malloc(size);
        if (!bytes)
                return -ENOMEM;
        if (pread(fd, bytes, size, 0) != st.st_size)
                return -EIO;
        int r = decode(bytes, size, &c);
        if (r == 0) {
                *ret = c;
                c = (NetConfig){0};
        }
        return r;
}
