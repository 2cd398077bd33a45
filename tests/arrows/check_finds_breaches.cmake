# cmake -P check_finds_breaches.cmake: the check names every header of the tree broken/, each of which breaks one rule.
cmake_minimum_required(VERSION 3.24)
set(broken "${CMAKE_CURRENT_LIST_DIR}/broken")
execute_process(COMMAND "${CMAKE_COMMAND}" -DROOT=${broken} -P "${CMAKE_CURRENT_LIST_DIR}/check.cmake"
                RESULT_VARIABLE status ERROR_VARIABLE output)
string(REGEX REPLACE "[ \n]+" " " output "${output}")
file(GLOB_RECURSE headers "${broken}/*.hpp")
foreach(header IN LISTS headers)
  string(FIND "${output}" "${header} may not say" position)
  if(position EQUAL -1 OR status EQUAL 0)
    message(SEND_ERROR "The check overlooks ${header}")
  endif()
endforeach()
