/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the names from which an address was learned, and their expiry. Bounded; when full, the address that
 * expires first is evicted. */
#include "net/policy_internal.h"

static uint32_t bucket_of(const NetAddress *address)
{
        uint32_t hash = 2166136261U;
        for (size_t i = 0; i < sizeof(address->bytes); i++)
                hash = (hash ^ address->bytes[i]) * 16777619U;
        return (hash ^ (hash >> 16)) % LEARNED_BUCKETS;
}

void learned_init(LearnedTable *table)
{
        *table = (LearnedTable){.free_list = NO_RULE};
        for (size_t i = 0; i < LEARNED_BUCKETS; i++)
                table->buckets[i] = NO_RULE;
}

static void learned_clear_one(Learned *learned)
{
        for (size_t i = 0; i < learned->n; i++)
                free(learned->names[i].name);
        free(learned->names);
        *learned = (Learned){0};
}

void learned_clear(LearnedTable *table)
{
        for (size_t i = 0; i < table->n; i++)
                learned_clear_one(&table->items[i]);
        free(table->items);
        learned_init(table);
}

const Learned *learned_find(const LearnedTable *table, const NetAddress *address)
{
        for (uint32_t i = table->buckets[bucket_of(address)]; table->items && i != NO_RULE;
             i = table->items[i].next)
                if (net_address_eq(&table->items[i].address, address))
                        return &table->items[i];
        return NULL;
}

static uint64_t ends(const Learned *learned)
{
        uint64_t last = 0;
        for (size_t i = 0; i < learned->n; i++)
                if (learned->names[i].until_ms > last)
                        last = learned->names[i].until_ms;
        return last;
}

static void drop(LearnedTable *table, uint32_t index)
{
        Learned *learned = &table->items[index];
        uint32_t *link = &table->buckets[bucket_of(&learned->address)];
        while (*link != index)
                link = &table->items[*link].next;
        *link = learned->next;
        learned_clear_one(learned);
        learned->next = table->free_list;
        table->free_list = index;
}

/* Makes room: drops expired entries, or if there are none, the one that expires first. This is rare, because
 * the table is large. */
static void make_room(LearnedTable *table, uint64_t now_ms)
{
        uint32_t first = NO_RULE;
        uint64_t first_ends = UINT64_MAX;
        for (uint32_t i = 0; table->items && i < table->n; i++) {
                uint64_t at = table->items[i].n > 0 ? ends(&table->items[i]) : UINT64_MAX;
                if (at < now_ms)
                        drop(table, i);
                else if (at < first_ends) {
                        first_ends = at;
                        first = i;
                }
        }
        if (table->items && table->free_list == NO_RULE && first != NO_RULE)
                drop(table, first);
}

static int new_learned(LearnedTable *table, const NetAddress *address, uint64_t now_ms, Learned **ret)
{
        uint32_t index;
        if (table->free_list == NO_RULE && table->n == POLICY_LEARNED_MAX)
                make_room(table, now_ms);
        if (table->items && table->free_list != NO_RULE) {
                index = table->free_list;
                table->free_list = table->items[index].next;
        } else {
                if (!table->items || table->n == table->room) {
                        size_t room = table->room == 0 ? 64 : 2 * table->room;
                        Learned *items = reallocarray(table->items, room, sizeof(*items));
                        if (!items)
                                return -ENOMEM;
                        table->items = items;
                        table->room = room;
                }
                index = (uint32_t)table->n++;
        }
        uint32_t *bucket = &table->buckets[bucket_of(address)];
        table->items[index] = (Learned){.address = *address, .next = *bucket};
        *bucket = index;
        *ret = &table->items[index];
        return 0;
}

/* Returns the slot of @name, a new slot for it, or the slot of the name that expires first. */
static LearnedName *name_slot(Learned *learned, const char *name)
{
        LearnedName *first = NULL;
        for (size_t i = 0; i < learned->n; i++) {
                if (str_eq(learned->names[i].name, name))
                        return &learned->names[i];
                if (!first || learned->names[i].until_ms < first->until_ms)
                        first = &learned->names[i];
        }
        if (learned->n < POLICY_LEARNED_NAMES_MAX) {
                LearnedName *names = reallocarray(learned->names, learned->n + 1, sizeof(*names));
                if (!names)
                        return NULL;
                learned->names = names;
                first = &names[learned->n];
                *first = (LearnedName){0};
        }
        return first;
}

int learned_add(LearnedTable *table, const NetAddress *address, const char *name, uint64_t until_ms,
                uint64_t now_ms)
{
        Learned *learned = (Learned *)learned_find(table, address);
        /* Copied first, because @name may be stored in the table. */
        char *copy = strdup(name);
        int r = copy ? 0 : -ENOMEM;
        if (r == 0 && !learned)
                r = new_learned(table, address, now_ms, &learned);
        LearnedName *slot = r == 0 ? name_slot(learned, name) : NULL;
        if (!slot) {
                free(copy);
                return -ENOMEM;
        }
        bool is_new = slot == learned->names + learned->n, same = !is_new && str_eq(slot->name, copy);
        learned->n += is_new;
        free(slot->name);
        slot->name = copy;
        slot->serial = ++table->serial;
        /* A later answer with a shorter TTL does not shorten the validity of an earlier one. */
        if (!same || until_ms > slot->until_ms)
                slot->until_ms = until_ms;
        return 0;
}
