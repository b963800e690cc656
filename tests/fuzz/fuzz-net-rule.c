/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: Allow= and Publish=. What is taken has one spelling, which is read as the same. */
#include "spec/net_publish.h"

#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        CLEANUP_FREE char *text = fuzz_text(data, size);
        NetRule rule = {0}, again = {0};
        NetPublish publish = {0}, same = {0};
        char print[NET_RULE_TEXT_MAX], print_again[NET_RULE_TEXT_MAX];
        if (net_rule_parse(text, &rule, NULL) == 0) {
                if (net_rule_parse(net_rule_print(&rule, print, sizeof(print)), &again, NULL) < 0 ||
                    !str_eq(print, net_rule_print(&again, print_again, sizeof(print_again))) ||
                    memcmp(&rule, &again, sizeof(rule)) != 0)
                        abort();
        }
        if (net_publish_parse(text, &publish) == 0) {
                if (net_publish_parse(net_publish_print(&publish, print, sizeof(print)), &same) < 0 ||
                    memcmp(&publish, &same, sizeof(publish)) != 0)
                        abort();
        }
        return 0;
}
