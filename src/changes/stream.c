/* SPDX-License-Identifier: Apache-2.0 */
/* Serializes changes to messages, and parses them. */
#include "changes/stream.h"

#include "base/fds.h"

#include <limits.h>
#include <poll.h>
#include <sys/socket.h>

enum { EVENT_ERROR = 100, EVENT_NEED_MAPS };

/* Followed by name, target, why (each with its NUL) and the attributes. Both ends are the same program. */
typedef struct Header {
        uint32_t event, kind, what;
        uint32_t name_len, target_len, why_len, xattrs_len;
        uint32_t below_repository;
        bool selected, opaque, capabilities, has_fd;
        ChangeFile now, before;
} Header;

static int send_message(StreamWriter *w)
{
        for (;;) {
                int r = fds_send(w->fd, w->data, w->len, w->fds, w->n_fds, 0);
                if (r != -ETOOMANYREFS)
                        return r;
                /* Too many descriptors are in flight (unix(7)): wait until the receiver takes some. */
                (void)poll(NULL, 0, 1);
        }
}

int stream_flush(StreamWriter *w)
{
        int r = w->len > 0 ? send_message(w) : 0;
        stream_writer_clear(w);
        return r;
}

void stream_writer_clear(StreamWriter *w)
{
        for (size_t i = 0; i < w->n_fds; i++)
                fd_close(w->fds[i]);
        w->n_fds = 0;
        w->len = 0;
}

static int put(StreamWriter *w, const Header *h, const char *name, const char *target, const char *why,
               const char *xattrs)
{
        const struct {
                const void *data;
                size_t len;
        } parts[] = {{h, sizeof(*h)},
                     {name, h->name_len},
                     {target, h->target_len},
                     {why, h->why_len},
                     {xattrs, h->xattrs_len}};
        size_t total = 0;
        for (size_t i = 0; i < ARRAY_LEN(parts); i++)
                total += parts[i].len;
        if (total > sizeof(w->data))
                return -EMSGSIZE;
        if (w->len + total > sizeof(w->data) || w->n_fds == STREAM_FDS_MAX) {
                int r = stream_flush(w);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
                memcpy(w->data + w->len, parts[i].data, parts[i].len);
                w->len += parts[i].len;
        }
        return 0;
}

int stream_write(void *userdata, ChangeEvent event, const Change *c)
{
        StreamWriter *w = userdata;
        CLEANUP_FD UNUSED int fd = c->fd;
        Header h;
        memset(&h, 0, sizeof(h)); /* padding is sent, too */
        h.event = event;
        h.kind = c->kind;
        h.what = c->what;
        h.name_len = (uint32_t)strlen(c->name) + 1;
        h.target_len = (uint32_t)strlen(c->target) + 1;
        h.why_len = (uint32_t)strlen(c->why) + 1;
        h.xattrs_len = (uint32_t)c->xattrs_len;
        h.selected = c->selected;
        h.opaque = c->opaque;
        h.below_repository = c->below_repository;
        h.capabilities = c->capabilities;
        h.has_fd = fd >= 0;
        h.now = c->now;
        h.before = c->before;
        int r = put(w, &h, c->name, c->target, c->why, c->xattrs);
        if (r < 0)
                return r;
        if (fd >= 0)
                w->fds[w->n_fds++] = TAKE_FD(fd);
        return w->len >= STREAM_FLUSH_AT || event == CHANGE_EVENT_END || event == CHANGE_EVENT_TOTAL
                       ? stream_flush(w)
                       : 0;
}

static int send_special(StreamWriter *w, uint32_t event, uint32_t what, const char *text)
{
        Header h;
        memset(&h, 0, sizeof(h));
        h.event = event;
        h.what = what;
        h.name_len = 1;
        h.target_len = 1;
        h.why_len = (uint32_t)strlen(text) + 1;
        int r = put(w, &h, "", "", text, "");
        return r < 0 ? r : stream_flush(w);
}

int stream_send_error(StreamWriter *w, const Error *err)
{
        return send_special(w, EVENT_ERROR, (uint32_t)err->errnum, err->text);
}

int stream_send_request(StreamWriter *w)
{
        return send_special(w, EVENT_NEED_MAPS, 0, "");
}

static int receive(StreamReader *r)
{
        stream_reader_clear(r);
        ssize_t n = fds_receive(r->fd, r->data, sizeof(r->data), 0, r->fds, STREAM_FDS_MAX, &r->n_fds);
        if (n < 0)
                return (int)n;
        r->len = (size_t)n;
        r->at = 0;
        return n == 0 ? -ECONNRESET : 0;
}

void stream_reader_clear(StreamReader *r)
{
        for (; r->next_fd < r->n_fds; r->next_fd++)
                fd_close(r->fds[r->next_fd]);
        r->n_fds = 0;
        r->next_fd = 0;
}

/* Takes a text of @len bytes with one NUL, at the end. */
static const char *take_text(StreamReader *r, size_t len)
{
        const char *s = r->data + r->at;
        if (len == 0 || len > r->len - r->at || strnlen(s, len) != len - 1)
                return NULL;
        r->at += len;
        return s;
}

static bool is_name(const char *s)
{
        return !strchr(s, '/') && !str_eq(s, ".") && !str_eq(s, "..") && strlen(s) <= NAME_MAX;
}

static int parse_change(StreamReader *r, Header *h, Change *c)
{
        if (r->len - r->at < sizeof(*h))
                return -EBADMSG;
        memcpy(h, r->data + r->at, sizeof(*h));
        r->at += sizeof(*h);
        *c = (Change){
                .kind = h->kind,
                .what = h->what,
                .selected = h->selected,
                .opaque = h->opaque,
                .below_repository = h->below_repository,
                .capabilities = h->capabilities,
                .now = h->now,
                .before = h->before,
                .fd = FD_NONE,
                .name = take_text(r, h->name_len),
        };
        c->target = c->name ? take_text(r, h->target_len) : NULL;
        c->why = c->target ? take_text(r, h->why_len) : NULL;
        if (!c->why || h->xattrs_len > r->len - r->at || !is_name(c->name) || h->kind > CHANGE_REFUSED)
                return -EBADMSG;
        c->xattrs = r->data + r->at;
        c->xattrs_len = h->xattrs_len;
        r->at += h->xattrs_len;
        if (h->has_fd && r->next_fd == r->n_fds)
                return -EBADMSG;
        if (h->has_fd)
                c->fd = r->fds[r->next_fd++];
        return 0;
}

int stream_read(StreamReader *r, ChangeEvent *ret_event, Change *ret, Error *err)
{
        Header h = {0};
        int e = r->at == r->len ? receive(r) : 0;
        if (e == 0)
                e = parse_change(r, &h, ret);
        if (e < 0)
                return error_set_errno(err, e, "cannot read from the reader process");
        if (h.event == EVENT_ERROR)
                return error_set(err, (int)(h.what ? h.what : EIO), "%s", ret->why);
        if (h.event == EVENT_NEED_MAPS)
                return STREAM_NEED_MAPS;
        if (h.event > CHANGE_EVENT_END)
                return error_set_errno(err, EBADMSG, "cannot read from the reader process");
        *ret_event = (ChangeEvent)h.event;
        return STREAM_CHANGE;
}
