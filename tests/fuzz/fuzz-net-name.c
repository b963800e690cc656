/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: lines before "--" are rules, lines after it names. The policy's look-up says what a slow
 * reference says that compares label by label. */
#include "net/policy.h"

#include "text.h"

#include <strings.h>

#define RULES_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Compares from the end, one label at a time, without any of the policy's code. */
static bool slow_match(const char *rule, const char *name, size_t len)
{
        size_t r = strlen(rule), n = len;
        if (r > 0 && rule[r - 1] == '.')
                r--;
        if (n > 0 && name[n - 1] == '.')
                n--;
        for (;;) {
                size_t rl = 0, nl = 0;
                while (rl < r && rule[r - 1 - rl] != '.')
                        rl++;
                while (nl < n && name[n - 1 - nl] != '.')
                        nl++;
                if (rl == 1 && rule[r - 1] == '*' && r == 1)
                        return n > 0;
                if (rl != nl || strncasecmp(rule + r - rl, name + n - nl, rl) != 0)
                        return false;
                if (r == rl || n == nl)
                        return r == rl && n == nl;
                r -= rl + 1;
                n -= nl + 1;
        }
}

static char *next_line(char **at, char *end)
{
        char *line = *at;
        if (line >= end)
                return NULL;
        char *newline = memchr(line, '\n', (size_t)(end - line));
        *at = newline ? newline + 1 : end + 1;
        if (newline)
                *newline = '\0';
        return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const PolicySite site = {0};
        CLEANUP_FREE char *text = fuzz_text(data, size);
        const char *rules[RULES_MAX];
        size_t n = 0;
        Policy *p = policy_new(&site);
        if (!p)
                abort();
        policy_set_list(p);
        char *at = text, *end = text + size, *line;
        while ((line = next_line(&at, end)) && !str_eq(line, "--")) {
                NetRule rule;
                if (n == RULES_MAX || net_rule_parse(line, &rule, NULL) < 0 ||
                    rule.kind == NET_RULE_NETWORK || rule.port_first != 0 || strchr(line, '/'))
                        continue;
                if (policy_add_rule(p, &rule, false) < 0)
                        abort();
                rules[n++] = line;
        }
        while ((line = next_line(&at, end))) {
                char normal[NET_NAME_MAX + 1];
                size_t len = (size_t)(at - line) - 1;
                bool slow = false;
                PolicyVerdict v;
                policy_check_name(p, line, len, &v);
                for (size_t i = 0; i < n; i++)
                        slow |= slow_match(rules[i], line, len);
                if (net_name_normalize(line, len, normal) < 0)
                        slow = false;
                if ((v.action == POLICY_ALLOW) != slow)
                        abort();
        }
        policy_free(p);
        return 0;
}
