/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the state of the sandbox's connections on the host's side. */
#include "net/conn.h"

#include "net/sni.h"

struct ConnHello {
        size_t len;
        uint8_t bytes[SNI_BUFFER_MAX];
};

int conn_table_init(ConnTable *t, size_t files, uint32_t seed)
{
        Conn *items = calloc(files, sizeof(*items));
        if (!items)
                return -ENOMEM;
        *t = (ConnTable){.items = items, .n = files, .seed = seed};
        for (size_t i = 0; i < CONN_BUCKETS; i++)
                t->buckets[i] = FD_NONE;
        return 0;
}

void conn_table_clear(ConnTable *t)
{
        for (size_t i = 0; i < t->n; i++)
                free(t->items[i].hello);
        free(t->items);
        *t = (ConnTable){0};
}

/* Returns the entry of a descriptor in any state; NULL: outside of the table. */
static Conn *slot(ConnTable *t, int fd)
{
        return fd >= 0 && (size_t)fd < t->n ? &t->items[fd] : NULL;
}

static FlowKey key_of(const Conn *c)
{
        return flow_key(c->to.named.protocol, &c->to.named.address, c->to.named.port, c->guest_port);
}

static int *bucket_of(ConnTable *t, const FlowKey *key)
{
        return &t->buckets[flow_key_hash(key, t->seed) % CONN_BUCKETS];
}

/* The newest connection of a flow is found first. */
static void index_add(ConnTable *t, Conn *c)
{
        const FlowKey key = key_of(c);
        int *first = bucket_of(t, &key);
        c->next = *first;
        *first = (int)(c - t->items);
}

static void index_remove(ConnTable *t, const Conn *c)
{
        const FlowKey key = key_of(c);
        int fd = (int)(c - t->items), *link = bucket_of(t, &key);
        while (*link >= 0 && *link != fd)
                link = &t->items[*link].next;
        if (*link == fd)
                *link = c->next;
}

Conn *conn_open(ConnTable *t, int fd, const Destination *to, uint16_t guest_port, bool check_name)
{
        Conn *c = slot(t, fd);
        if (!c || c->state != CONN_NONE)
                return NULL;
        ConnHello *hello = NULL;
        if (check_name) {
                hello = malloc(sizeof(*hello));
                if (!hello)
                        return NULL;
                hello->len = 0;
        }
        *c = (Conn){.state = check_name ? CONN_HELLO : CONN_OPEN,
                    .guest_port = guest_port,
                    .to = *to,
                    .hello = hello};
        index_add(t, c);
        return c;
}

void conn_close(ConnTable *t, int fd)
{
        Conn *c = slot(t, fd);
        if (!c || c->state == CONN_NONE)
                return;
        index_remove(t, c);
        free(c->hello);
        *c = (Conn){.state = CONN_NONE};
}

Conn *conn_find(ConnTable *t, int fd)
{
        Conn *c = slot(t, fd);
        return c && c->state != CONN_NONE ? c : NULL;
}

Conn *conn_of_flow(ConnTable *t, const FlowKey *key)
{
        if (t->n == 0)
                return NULL;
        for (int fd = *bucket_of(t, key); fd >= 0; fd = t->items[fd].next) {
                const FlowKey own = key_of(&t->items[fd]);
                if (flow_key_eq(&own, key))
                        return &t->items[fd];
        }
        return NULL;
}

void conn_to_sandbox(ConnTable *t, const Frame *frame)
{
        if (frame->protocol != NET_TCP)
                return;
        if (frame->flags & FRAME_FIN) {
                const FlowKey key = flow_key(NET_TCP, &frame->source, frame->source_port, frame->dest_port);
                Conn *c = conn_of_flow(t, &key);
                if (c)
                        c->host_closed = true;
        }
}

Conn *conn_ended_by(ConnTable *t, const Frame *frame)
{
        if (frame->protocol != NET_TCP || !(frame->flags & FRAME_FIN))
                return NULL;
        const FlowKey key = flow_key(NET_TCP, &frame->dest, frame->dest_port, frame->source_port);
        Conn *c = conn_of_flow(t, &key);
        return c && c->host_closed ? c : NULL;
}

bool conn_is_written(const Conn *c)
{
        return c->state == CONN_OPEN && !c->short_write;
}

static void drop_hello(Conn *c, ConnState state)
{
        free(TAKE_PTR(c->hello));
        c->state = state;
}

/* Decides by the first bytes and the name in them ("": none). */
static void judge(const Conn *c, const Policy *policy, SniResult result, const char *name, size_t len,
                  uint64_t now_ms, PolicyVerdict *ret)
{
        *ret = (PolicyVerdict){.action = POLICY_REFUSE, .why = WHY_SNI, .rule = -1};
        if (result == SNI_NOT_TLS)
                ret->action = POLICY_ALLOW;
        else if (result == SNI_NAME || result == SNI_NO_NAME)
                policy_check_sni(policy, &c->to.named, result == SNI_NAME ? name : NULL, len, now_ms, ret);
}

ConnSay conn_say(ConnTable *t, Conn *c, const Policy *policy, const void *data, size_t n, uint64_t now_ms,
                 size_t *ret_kept)
{
        char name[SNI_NAME_ROOM] = "";
        size_t len = 0;
        PolicyVerdict verdict;
        *ret_kept = 0;
        if (c->state == CONN_RESET || c->state == CONN_REFUSED)
                return CONN_SAY_RESET;
        if (c->state != CONN_HELLO)
                return CONN_SAY_SEND;
        size_t room = SNI_BUFFER_MAX - c->hello->len, kept = n < room ? n : room;
        memcpy(c->hello->bytes + c->hello->len, data, kept);
        c->hello->len += kept;
        *ret_kept = kept;
        SniResult result = sni_parse(c->hello->bytes, c->hello->len, name, &len);
        if (result == SNI_MORE && kept == n)
                return CONN_SAY_KEEP;
        judge(c, policy, result, name, len, now_ms, &verdict);
        if (verdict.action != POLICY_REFUSE)
                return CONN_SAY_FIRST;
        name[len < sizeof(name) ? len : sizeof(name) - 1] = '\0';
        drop_hello(c, CONN_REFUSED);
        if (t->refused)
                t->refused(t->userdata, &c->to.named, name[0] ? name : NULL, &verdict);
        return CONN_SAY_RESET;
}

const uint8_t *conn_first_bytes(const Conn *c, size_t *ret_len)
{
        *ret_len = c->hello->len;
        return c->hello->bytes;
}

void conn_said_first(Conn *c, bool sent)
{
        drop_hello(c, sent ? CONN_OPEN : CONN_RESET);
}
