/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the names from which an address was learnt, and their expiry. Bounded; when full, the pin that
 * expires first is evicted. */
#include "net/policy_internal.h"

static uint32_t bucket_of(const NetAddress *address)
{
        uint32_t hash = 2166136261U;
        for (size_t i = 0; i < sizeof(address->bytes); i++)
                hash = (hash ^ address->bytes[i]) * 16777619U;
        return (hash ^ (hash >> 16)) % PIN_BUCKETS;
}

void pins_init(Pins *pins)
{
        *pins = (Pins){.free_list = NO_RULE};
        for (size_t i = 0; i < PIN_BUCKETS; i++)
                pins->buckets[i] = NO_RULE;
}

static void pin_clear(Pin *pin)
{
        for (size_t i = 0; i < pin->n; i++)
                free(pin->names[i].name);
        free(pin->names);
        *pin = (Pin){0};
}

void pins_clear(Pins *pins)
{
        for (size_t i = 0; i < pins->n; i++)
                pin_clear(&pins->items[i]);
        free(pins->items);
        pins_init(pins);
}

const Pin *pins_find(const Pins *pins, const NetAddress *address)
{
        for (uint32_t i = pins->buckets[bucket_of(address)]; pins->items && i != NO_RULE;
             i = pins->items[i].next)
                if (net_address_eq(&pins->items[i].address, address))
                        return &pins->items[i];
        return NULL;
}

static uint64_t ends(const Pin *pin)
{
        uint64_t last = 0;
        for (size_t i = 0; i < pin->n; i++)
                if (pin->names[i].until_ms > last)
                        last = pin->names[i].until_ms;
        return last;
}

static void drop(Pins *pins, uint32_t index)
{
        Pin *pin = &pins->items[index];
        uint32_t *link = &pins->buckets[bucket_of(&pin->address)];
        while (*link != index)
                link = &pins->items[*link].next;
        *link = pin->next;
        pin_clear(pin);
        pin->next = pins->free_list;
        pins->free_list = index;
}

/* Makes room: drops expired pins, or if there are none, the one that expires first. This is rare, because the
 * table is large. */
static void make_room(Pins *pins, uint64_t now_ms)
{
        uint32_t first = NO_RULE;
        uint64_t first_ends = UINT64_MAX;
        for (uint32_t i = 0; pins->items && i < pins->n; i++) {
                uint64_t at = pins->items[i].n > 0 ? ends(&pins->items[i]) : UINT64_MAX;
                if (at < now_ms)
                        drop(pins, i);
                else if (at < first_ends) {
                        first_ends = at;
                        first = i;
                }
        }
        if (pins->items && pins->free_list == NO_RULE && first != NO_RULE)
                drop(pins, first);
}

static int new_pin(Pins *pins, const NetAddress *address, uint64_t now_ms, Pin **ret)
{
        uint32_t index;
        if (pins->free_list == NO_RULE && pins->n == POLICY_PINS_MAX)
                make_room(pins, now_ms);
        if (pins->items && pins->free_list != NO_RULE) {
                index = pins->free_list;
                pins->free_list = pins->items[index].next;
        } else {
                if (!pins->items || pins->n == pins->room) {
                        size_t room = pins->room == 0 ? 64 : 2 * pins->room;
                        Pin *items = reallocarray(pins->items, room, sizeof(*items));
                        if (!items)
                                return -ENOMEM;
                        pins->items = items;
                        pins->room = room;
                }
                index = (uint32_t)pins->n++;
        }
        uint32_t *bucket = &pins->buckets[bucket_of(address)];
        pins->items[index] = (Pin){.address = *address, .next = *bucket};
        *bucket = index;
        *ret = &pins->items[index];
        return 0;
}

/* Returns the place of @name, a new place for it, or the place of the name that expires first. */
static PinName *name_place(Pin *pin, const char *name)
{
        PinName *first = NULL;
        for (size_t i = 0; i < pin->n; i++) {
                if (str_eq(pin->names[i].name, name))
                        return &pin->names[i];
                if (!first || pin->names[i].until_ms < first->until_ms)
                        first = &pin->names[i];
        }
        if (pin->n < POLICY_PIN_NAMES_MAX) {
                PinName *names = reallocarray(pin->names, pin->n + 1, sizeof(*names));
                if (!names)
                        return NULL;
                pin->names = names;
                first = &names[pin->n];
                *first = (PinName){0};
        }
        return first;
}

int pins_add(Pins *pins, const NetAddress *address, const char *name, uint64_t until_ms, uint64_t now_ms)
{
        Pin *pin = (Pin *)pins_find(pins, address);
        /* Copied first, because @name may be stored in a pin. */
        char *copy = strdup(name);
        int r = copy ? 0 : -ENOMEM;
        if (r == 0 && !pin)
                r = new_pin(pins, address, now_ms, &pin);
        PinName *place = r == 0 ? name_place(pin, name) : NULL;
        if (!place) {
                free(copy);
                return -ENOMEM;
        }
        bool is_new = place == pin->names + pin->n, same = !is_new && str_eq(place->name, copy);
        pin->n += is_new;
        free(place->name);
        place->name = copy;
        place->serial = ++pins->serial;
        /* A later answer with a shorter TTL does not shorten the pin of an earlier one. */
        if (!same || until_ms > place->until_ms)
                place->until_ms = until_ms;
        return 0;
}
