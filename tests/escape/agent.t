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
# A repository below the top has settings of its own, and git at the top runs git there if the index names it. The index must be
# writable, so this is not prevented, but it is told.
told() { # NAME COMMAND PATH
    fresh
    kurung run -q -p agent -- sh -c "$2"
    is "$status" 0 "111 $1: the command succeeds" || diag "$errors"
    like "$errors" "'$PWD/$3' belongs to a git repository and was written inside" "111 $1: it is told, also with -q"
    fresh
    undefended none run -q -p agent -- sh -c "$2" >"$HOME/.out" 2>&1
    unlike "$(cat "$HOME/.out")" "belongs to a git repository" "111 $1: it is not told without (mount-watch)"
}
told "a repository that is added to the index" \
    "git init -q sub && git -C sub commit -q --allow-empty -m one && git -C sub config core.fsmonitor 'touch $PWD/ran; false' && git add sub 2>/dev/null" \
    sub/.git/config
git status >/dev/null 2>&1
ok "111 git status at the top runs a command of the repository below" [ -e ran ]
told "a file .git that names another directory" 'mkdir -p a/b && echo "gitdir: ../../x" >a/b/.git' a/b/.git
told "a link .git" 'mkdir sub && ln -s ../x sub/.git' sub/.git
told "a bare repository" 'git init -q --bare sub' sub/config
told "very deep directories" 'd=$(printf "d/%.0s" $(seq 1500)); mkdir -p "$d/.git"; cd "$d/.git"; echo x >HEAD; echo x >config' 'd/d/d/.*/\.git/config'
told "more than five" 'for i in 1 2 3 4 5 6 7; do git init -q --bare s$i; done' 's[1-7]/config'
like "$("$KURUNG" run -p agent -- sh -c 'for i in 1 2 3 4 5 6 7; do git init -q --bare t$i; done' 2>&1)" "2 other repositories and links in '$PWD' were written inside" \
    "111 more than five: the others are counted"

fresh
kurung run -p agent -- sh -c 'git init -q sub && chmod 0 sub'
like "$errors" "not all of '$PWD' could be searched" "111 a directory that cannot be read is told"
chmod 700 sub

newer() { rm -f probed && : >probed && [ probed -nt before ] && [ "$(stat -c %Z probed)" -gt "$(stat -c %Z before)" ]; }

# git appends to its logs through a link.
fresh
echo mine >"$HOME/mine"
kurung run -q -p agent -- sh -c "mkdir -p .git/logs && ln -sf $HOME/mine .git/logs/HEAD"
like "$status:$errors" "^0:.*'$PWD/\.git/logs/HEAD' is a symbolic link that was made inside" "111 a link in .git is told"
git commit -q --allow-empty -m one
like "$(cat "$HOME/mine")" "commit.*one" "111 git writes through a link in .git"
fresh
mkdir -p .git/logs && ln -s "$HOME/mine" .git/logs/HEAD && touch before
wait_for newer
kurung run -q -p agent -- git status
unlike "$errors" "symbolic link" "a link of the user's in .git is not told"

# What was there before is told once it has changed.
in_older() { # COMMAND
    fresh
    git init -q older
    (cd older && echo one >one && git add one && git commit -qm one)
    touch before
    wait_for newer
    kurung run -p agent -- sh -c "$1"
}
in_older 'cd older && git --no-optional-locks status && echo two >one && mkdir new && mv ../before new'
unlike "$status:$errors" "^[^0]|belongs to a git repository" "a repository below that was not written is not told"
for change in 'git config core.pager evil' 'echo evil >.git/commondir' 'echo evil >.git/hooks/pre-commit' 'chmod +x .git/hooks/*' \
    'git commit -q --allow-empty -m two'; do
    in_older "cd older && $change"
    like "$errors" "'$PWD/older/\.git[/a-z]*' belongs to a git repository" "111 told after: $change"
done
in_older 'mkdir x && mv older/.git x/.git'
like "$errors" "'$PWD/x/.git' belongs to a git repository" "111 told after it was moved"

# The settings are older than the run that makes a repository of them.
fresh
kurung run -p agent -- sh -c 'mkdir -p sub/x/objects sub/x/refs && echo evil >sub/x/config'
unlike "$status:$errors" "^[^0]|belongs to a git repository" "a file config makes no repository"
touch before
wait_for newer
kurung run -p agent -- sh -c 'echo ref: refs/heads/x >sub/x/HEAD && mv sub/x sub/.git'
like "$errors" "'$PWD/sub/\.git[/a-z]*' belongs to a git repository" "111 told when a later run completes it"

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
