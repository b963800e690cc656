#!/bin/bash
# Attacks 70, 71 and 111 on a working directory that is shared writable with the profile for coding agents: what git, editors
# and CI run code from is not written, not exchanged, and not created.
. "$SRCDIR/tests/escape/lib.sh"

export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
fresh() {
    cd "$project" || exit 1
    rm -rf ./* .[!.]*
    git init -q .
    mkdir -p .git/hooks .vscode .github
    echo '{}' >.vscode/tasks.json
}

# What an agent is for works.
fresh
rm -r .vscode .github
kurung agent sh -c 'echo one >file && git add file && git commit -qm one && git status --short && mkdir -p src/deep && echo two >src/deep/two'
is "$status:$out" "0:" "an agent writes files and commits" || diag "$errors"
is "$(cat file src/deep/two) $(git log --format=%s)" $'one\ntwo one' "and both are on the host"
kurung agent sh -c 'echo state >~/.agent-state'
kurung agent sh -c 'cat ~/.agent-state'
is "$out" state "its home is kept"
not_ok "and is not the user's" [ -e "$HOME/.agent-state" ]
kurung agent sh -c 'cat /proc/net/route | wc -l'
is "$out" 1 "there is no network until hosts are listed"
like "$("$KURUNG" run --dry-run -v -p agent --allow=api.example.org:443 -- true 2>&1)" "net-reach allowed destinations.net-allow api.example.org:443" \
    "and then these alone"
like "$("$KURUNG" run --dry-run -p agent -- true 2>&1)" "must not create: $PWD/.git/config.worktree" "what must not be created is said"

# Where the working directory is hidden, nothing of it is shown.
(cd "$HOME" && mkdir -p .vscode && echo sesame >.vscode/key && "$KURUNG" run -q -p agent -- sh -c 'cat ~/.vscode/*; ls -A ~ | grep vsc') >"$HOME/.out" 2>&1
unlike "$(cat "$HOME/.out")" "sesame|^.vscode" "in the home directory itself the agent sees nothing of it"
kurung run -p agent --work-dir=hidden -- sh -c "ls -A $PWD"
unlike "$out" vscode "nor anything of a hidden working directory"

# held NAME OFF WHAT HOW EVIDENCE: HOW, a shell command, fails inside; without the defences OFF, EVIDENCE succeeds afterwards.
held() {
    fresh
    kurung agent sh -c "$3"
    isnt "$status" 0 "$1"
    not_ok "$1: nothing is there" sh -c "$4"
    fresh
    undefended "$2" run -q -p agent -- sh -c "$3" >/dev/null 2>&1
    ok "$1: succeeds without ($2)" sh -c "$4"
}
held "70 a hook is planted" mount-flags 'echo evil >.git/hooks/pre-commit' '[ -e .git/hooks/pre-commit ]'
held "70 .git is renamed, and another one made" pin 'mv .git .git2 && mkdir -p .git/hooks && echo evil >.git/hooks/pre-commit' \
    '[ -e .git/hooks/pre-commit ]'
held "70 .git/config names a program" mount-flags 'printf "[core]\n\tfsmonitor = ./evil\n" >>.git/config' 'git config core.fsmonitor'
held "70 .git/config names another directory of hooks" mount-flags 'printf "[core]\n\thooksPath = evil\n" >>.git/config' \
    'git config core.hooksPath'
held "71 a task of the editor is written" mount-flags 'echo evil >.vscode/tasks.json' 'grep -q evil .vscode/tasks.json'

# In a worktree .git is a file, and names the repository.
held_in_worktree() {
    fresh
    git commit -q --allow-empty -m one
    rm -rf "$HOME/tree"
    git worktree add -q "$HOME/tree"
    cd "$HOME/tree" || exit 1
}
evil='mkdir evil && printf "gitdir: evil\n" >.git'
held_in_worktree
kurung agent sh -c "$evil"
isnt "$status" 0 "70 a worktree's .git cannot be written"
kurung agent sh -c 'mv .git x || rm .git'
isnt "$status" 0 "70 nor exchanged"
held_in_worktree
undefended mount-flags run -q -p agent -- sh -c "$evil" >/dev/null 2>&1
is "$(cat .git)" "gitdir: evil" "70 without (mount-flags) it is"
cd "$project" || exit 1

# 111: what does not exist is not created. The payload goes on for ever, unless kurung ends it.
mkfifo "$HOME/never"
created() { # NAME COMMAND PATH [BEFORE]
    fresh
    sh -c "${4:-:}"
    kurung run -p agent --read-write="$HOME/never" -- sh -c "$2; read -r x <$HOME/never"
    like "$status:$errors" "^125:.*'$PWD/$3' was renamed to '${3##*/}\.kurung-1'.*the sandbox was killed: '$PWD/$3' was created, which agent \(built in\):[0-9]+ forbids" \
        "111 $1: the sandbox ends"
    not_ok "111 $1: nothing is at the path" [ -e "$3" -o -L "$3" ]
    ok "111 $1: it is not lost" [ -e "$3.kurung-1" -o -L "$3.kurung-1" ]
    fresh
    sh -c "${4:-:}"
    undefended none run -q -p agent -- sh -c "$2" >/dev/null 2>&1
    ok "111 $1: succeeds without (mount-watch)" [ -e "$3" -o -L "$3" ]
}
created "a file for direnv" 'echo evil >.envrc' .envrc
created "another directory with git's settings" 'echo ../evil >.git/commondir' .git/commondir
created "settings of an editor" 'mkdir .idea; echo evil >.idea/workspace.xml' .idea
created "a workflow" 'mkdir .github/workflows; echo evil >.github/workflows/ci.yml' .github/workflows
created "a workflow, whose directory is moved into place" 'mkdir -p x/workflows; mv x .github' .github 'rm -r .github'
created "a link" 'ln -s evil .gitlab-ci.yml' .gitlab-ci.yml
created "a hard link" 'echo evil >x; ln x .gdbinit' .gdbinit
created "a repository" 'git init -q' .git 'rm -rf .git'
# Where .git is broken, or is not there, git takes the directory itself for a repository if it has a file HEAD.
bare='rm -f .git/HEAD; mkdir objects refs; printf "[core]\nrepositoryformatversion=0\nbare=false\nworktree=.\nfsmonitor=touch ran\n" >config; echo ref: refs/heads/x >HEAD'
created "a repository in place of .git" "$bare" HEAD
git status >/dev/null 2>&1
ok "111 a repository in place of .git: git runs a command from it without (mount-watch)" [ -e ran ]
created "settings of Mercurial" 'mkdir .hg; printf "[hooks]\npre-status = ./evil\n" >.hg/hgrc' .hg
created "commands of vi" 'echo "!./evil" >.vimrc' .vimrc
created "variables of Emacs, in the second file" 'echo evil >.dir-locals-2.el' .dir-locals-2.el
created "tasks of mise" 'echo evil >mise.toml' mise.toml

# What is created at the very end is found, too.
fresh
kurung agent sh -c 'exec ln -s evil .envrc'
is "$status:$(ls .envrc* 2>/dev/null)" "125:.envrc.kurung-1" "111 also when the command ends at once" || diag "$errors"
fresh
ln -s nowhere .envrc
kurung agent touch created
like "$status:$errors" "^125:.*'$PWD/.envrc' is a symbolic link, which the command could replace" "111 a link to nothing is refused"
not_ok "111 and nothing ran" [ -e created ]

# A directory in which something is forbidden is one that the user creates.
fresh
rm -r .github
kurung run -p agent --read-write=-.github/workflows -- mkdir -p .github/workflows
like "$status:$errors" "^125:.*which agent .* forbids .to allow it, create this directory before the start.\$" "111 a directory above says what permits it"
fresh
rm -rf .github && mkdir .github
kurung run -p agent --read-write=-.github/workflows -- mkdir -p .github/workflows
is "$status:$errors" "0:" "111 and that does"

# A later share permits it, by name.
fresh
kurung run -p agent --read-write=-.envrc -- sh -c 'echo mine >.envrc'
is "$status:$(cat .envrc)" "0:mine" "what an option shares writable may be created"
kurung run -p agent --read-write=.envrc -- sh -c 'echo again >.envrc'
is "$status:$(cat .envrc)" "0:again" "and written"

# With an overlay nothing has to be watched: the changes are reviewed.
fresh
kurung run -p agent --work-dir=overlay --keep=review -- sh -c 'echo evil >.envrc'
is "$status" 0 "with an overlay it is a change like any other"
like "$("$KURUNG" diff review)" "\.envrc.*direnv runs it" "111 that is flagged"
"$KURUNG" discard review
done_testing
