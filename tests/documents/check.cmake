# cmake -DROOT=<tree> [-DQUICK_START=<program>] -P check.cmake: the programs that the documents show are the ones that
# are built and run, and the README's prints what stands there.
cmake_minimum_required(VERSION 3.24)

function(shows document example)
  file(READ "${ROOT}/${document}" text)
  string(FIND "${text}" "```cpp\n" begin REVERSE)
  if("${ARGN}" STREQUAL first)
    string(FIND "${text}" "```cpp\n" begin)
  endif()
  string(SUBSTRING "${text}" ${begin} -1 text)
  string(SUBSTRING "${text}" 7 -1 text)
  string(FIND "${text}" "```" end)
  string(SUBSTRING "${text}" 0 ${end} shown)
  file(READ "${ROOT}/${example}" program)
  string(FIND "${program}" "${shown}" at)
  if(at EQUAL -1)
    message(SEND_ERROR "${document} does not show ${example} as it is")
  endif()
endfunction()

shows(README.md examples/quick_start.cpp first)
shows(connectors/README.md examples/own_connector.cpp last)

# Lengths of time differ from run to run, and so does whether two of them read alike.
function(without_times text result)
  string(REGEX REPLACE "[0-9]+\\.[0-9]( [mu]?s)?( to [0-9]+\\.[0-9])? [mu]?s" "<time>" text "${text}")
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

if(DEFINED QUICK_START)
  execute_process(COMMAND ${QUICK_START} OUTPUT_VARIABLE printed COMMAND_ERROR_IS_FATAL ANY)
  without_times("${printed}" printed)
  file(READ "${ROOT}/README.md" text)
  string(REPLACE "\n    " "\n" text "${text}")  # where it is indented
  without_times("${text}" text)
  string(FIND "${text}" "${printed}" at)
  if(at EQUAL -1)
    message(SEND_ERROR "README.md does not show what its program prints:\n${printed}")
  endif()
endif()
