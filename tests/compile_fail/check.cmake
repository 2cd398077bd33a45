# cmake -DCOMPILER=g++ -DSOURCE=case.cpp -P check.cmake, in the root of the project.
# The case must not compile, and the compiler must print the words after "// error: " in its first line.
file(STRINGS "${SOURCE}" expected LIMIT_COUNT 1)
string(REPLACE "// error: " "" expected "${expected}")
unset(ENV{COLUMNS})  # compilers cut the line that they quote to the terminal's width
set(ENV{LC_ALL} C)   # and put other quotation marks elsewhere

execute_process(COMMAND "${COMPILER}" -std=c++20 -fsyntax-only -Werror -Iinclude -Ibackends -Iconnectors "${SOURCE}"
                RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
string(FIND "${output}" "${expected}" position)
if(status EQUAL 0)
  message(FATAL_ERROR "It compiles, but should fail with: ${expected}")
elseif(position EQUAL -1)
  message(FATAL_ERROR "It fails without the words: ${expected}\n${output}")
endif()
