/* SPDX-License-Identifier: Apache-2.0 */
/* Has the examples of all commands, which a test runs. */
#include "cmd/examples.h"

#include "base/util.h"

#include <stdio.h>

static const struct {
        const char *command, *line, *meaning;
} examples[] = {
        {"run", "kurung run -p build -- make", "build code that you have not read"},
        {"run", "kurung run --work-dir=rw --read-only=~/.gitconfig -- git status",
         "let it write to this directory, and read one file of the home"},
        {"run", "kurung run --allow=example.org:443 -- curl https://example.org/", "let it reach one host"},
        {"run", "kurung run --publish=8080:80 -- python3 -m http.server 80", "forward port 8080 to it"},
        {"run", "kurung run --keep=try -- ./install.sh", "keep its changes, for diff and apply"},
        {"run", "kurung run --runtime-max-sec=10min --report=used.json -- make",
         "limit the time, and write down what it used"},
        {"shell", "kurung shell", "look around as yourself"},
        {"shell", "kurung shell --run-as=root", "break things as root"},
        {"try", "kurung try -- ./install.sh", "run it, and decide about each change"},
        {"try", "curl -fsS https://example.org/install | kurung try -p installer -- sh",
         "do the same with a script from the network"},
        {"diff", "kurung diff try", "list the changes"},
        {"diff", "kurung diff -p try lib", "show the changed lines below lib"},
        {"apply", "kurung apply --dry-run try", "see what would be applied"},
        {"apply", "kurung apply try lib/settings.ini", "apply one file"},
        {"apply", "kurung apply --interactive --home try",
         "ask for each change, including those of the home"},
        {"export", "kurung export -o changes.tar.gz try", "pack all changes"},
        {"discard", "kurung discard try", "remove the sandbox 'try'"},
        {"ps", "kurung ps -a", "list all sandboxes"},
        {"ps", "kurung ps --json | jq -r '.[].name'", "print the names of those that run"},
        {"exec", "kurung exec try -- ps aux", "see the processes inside"},
        {"exec", "kurung exec try bash", "get a shell inside"},
        {"stop", "kurung stop --time=1s try", "end it, after at most a second"},
        {"inspect", "kurung inspect try", "see what it may do"},
        {"inspect", "kurung inspect --json try | jq .use", "print the resources that it used"},
        {"profile", "kurung profile show npm", "see what a profile means here"},
        {"profile", "kurung profile trust --dry-run ./kurung.ini",
         "see what a project's profile would grant"},
        {"doctor", "kurung doctor", "see what this machine lacks"},
};

void examples_print(const char *command)
{
        bool any = false;
        for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
                if (!str_eq(examples[i].command, command))
                        continue;
                printf("%s  %s\n        %s\n", any ? "" : "\nExamples:\n", examples[i].line,
                       examples[i].meaning);
                any = true;
        }
}
