# cmake "-DCOMPILE=g++;<flags>" -DSOURCE=case.cpp -P check.cmake, in the root of the project.
# The case must not compile, and the compiler must print the words after "// error: " in its first line. Of a member that is
# there, "but not as" documented, those words must stand on the last line of source that the compiler quotes: a user finds
# the reason at the end of the output. (What a policy lacks altogether, clang explains from within the standard library.)
file(STRINGS "${SOURCE}" expected LIMIT_COUNT 1)
string(REPLACE "// error: " "" expected "${expected}")
unset(ENV{COLUMNS})  # compilers cut the line that they quote to the terminal's width
set(ENV{LC_ALL} C)   # and put other quotation marks elsewhere

execute_process(COMMAND ${COMPILE} -fsyntax-only "${SOURCE}"
                RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
string(FIND "${output}" "${expected}" position REVERSE)
if(status EQUAL 0)
  message(FATAL_ERROR "It compiles, but should fail with: ${expected}")
elseif(position EQUAL -1)
  message(FATAL_ERROR "It fails without the words: ${expected}\n${output}")
elseif(NOT expected MATCHES " has [A-Za-z_]+, but not as ")
  return()
endif()

# What may stand behind the reason: the rest of its line, carets and tildes, and the compiler's closing words.
string(SUBSTRING "${output}" ${position} -1 behind)
string(FIND "${behind}" "\n" end_of_line)
string(SUBSTRING "${behind}" ${end_of_line} -1 behind)
string(REGEX REPLACE "\ncc1plus: [^\n]*" "" behind "${behind}")
string(REGEX REPLACE "\n[0-9]+ errors? generated\\." "" behind "${behind}")
string(REGEX REPLACE "[ \n|~^]" "" behind "${behind}")
if(NOT behind STREQUAL "")
  message(FATAL_ERROR "The reason is not the compiler's last line: ${expected}\n${output}")
endif()
