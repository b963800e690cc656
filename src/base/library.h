/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Libraries that only some commands need. Each is loaded on first use and stays loaded, so that other
 * commands do not pay for it. A user of a library lists its functions once,
 *
 *      #define JSON_FUNCTIONS(X) X(new_object, json_object_new_object) X(put, json_object_put)
 *      LIBRARY(json, JSON_FUNCTIONS, "json-c", "libjson-c5", "suggested", "what it is for", "libjson-c.so.5")
 *
 * and calls json.put(...) after library_load(&json_library, err). The program has an ELF note for each, from
 * which packaging tools derive the dependencies (systemd.io/ELF_DLOPEN_METADATA).
 */
#pragma once

#include "base/error.h"

typedef struct Library {
        const char *title;          /* "json-c", for errors */
        const char *package;        /* Debian's: "libjson-c5" */
        const char *const *sonames; /* the first that exists is loaded; NULL-terminated */
        const char *const *names;   /* of functions or variables; NULL-terminated */
        void **slots;               /* one pointer per name: all NULL until all are resolved */
} Library;

/**
 * library_load - load a library, unless it is loaded already.
 *
 * Returns 0, or -ENOENT with @err (which may be NULL) if it is not installed or lacks a function.
 */
int library_load(const Library *library, Error *err);

#define LIBRARY_MEMBER(member, function) __typeof__(function) *member;
#define LIBRARY_NAME(member, function) #function,

/* AddressSanitizer puts a gap after a variable, which would break the following note; gcc's does not touch
 * such sections. */
#ifdef __clang__
#define LIBRARY_NO_GAP __attribute__((no_sanitize_address))
#else
#define LIBRARY_NO_GAP
#endif

/* "FDO" and the type are those of the specification. The content of each note is padded to four bytes. */
#define LIBRARY_NOTE(id, json)                                                                               \
        LIBRARY_NO_GAP __attribute__((used, section(".note.dlopen"))) _Alignas(4) static const struct {      \
                uint32_t name_size, content_size, type;                                                      \
                char name[4];                                                                                \
                _Alignas(4) char content[sizeof(json)];                                                      \
        } id = {4, sizeof(json), UINT32_C(0x407c0c0a), "FDO", json}

/**
 * LIBRARY - define the functions @id.MEMBER and the Library @id_library.
 *
 * @functions: a macro that calls its argument with (member, function) for each.
 * @priority: "required", "recommended" or "suggested", for a packager.
 * @soname: one name; LIBRARY_OF_TWO() has two, in order of preference.
 */
#define LIBRARY(id, functions, title, package, priority, description, soname)                                \
        LIBRARY_DEFINE(id, functions, title, package, priority, description, "\"" soname "\"", soname, NULL)
#define LIBRARY_OF_TWO(id, functions, title, package, priority, description, soname, other)                  \
        LIBRARY_DEFINE(id, functions, title, package, priority, description, "\"" soname "\",\"" other "\"", \
                       soname, other)
#define LIBRARY_DEFINE(id, functions, title_, package_, priority, description, in_json, first, second)       \
        static struct {                                                                                      \
                functions(LIBRARY_MEMBER)                                                                    \
        } id;                                                                                                \
        static const char *const id##_sonames[] = {first, second, NULL};                                     \
        static const char *const id##_names[] = {functions(LIBRARY_NAME) NULL};                              \
        _Static_assert(sizeof(id) == sizeof(id##_names) - sizeof(void *), "one pointer for each name");      \
        static const Library id##_library = {.title = title_,                                                \
                                             .package = package_,                                            \
                                             .sonames = id##_sonames,                                        \
                                             .names = id##_names,                                            \
                                             .slots = (void **)(void *)&id};                                 \
        LIBRARY_NOTE(id##_note, "[{\"soname\":[" in_json "],\"feature\":\"" title_                           \
                                "\",\"description\":\"" description "\",\"priority\":\"" priority "\"}]")
