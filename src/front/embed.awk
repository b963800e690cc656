# Makes the C source of the built-in profiles (front/builtin.h) from the files that are its arguments: NAME.ini becomes NAME.
BEGIN {
    print "/* SPDX-License-Identifier: Apache-2.0 */"
    print "/* The built-in profiles. Made by src/front/embed.awk. */"
    print "#include \"front/builtin.h\"\n"
    print "const BuiltinProfile builtin_profiles[] = {"
}

FNR == 1 {
    if (NR > 1)
        print "        },"
    name = FILENAME
    sub(/.*\//, "", name)
    sub(/\.ini$/, "", name)
    print "        {"
    print "                \"" name "\","
}

# Not by gsub(): awks do not agree about backslashes in what it puts in.
{
    line = ""
    for (i = 1; i <= length($0); i++) {
        c = substr($0, i, 1)
        line = line (c == "\\" || c == "\"" ? "\\" : "") c
    }
    print "                \"" line "\\n\""
}

END {
    print "        },"
    print "};"
    print "const size_t builtin_profiles_n = sizeof(builtin_profiles) / sizeof(*builtin_profiles);"
}
