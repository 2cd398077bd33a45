# cmake -DROOT=<tree> -P check.cmake: from which rooms a header may include, and what the core leaves to its Backend.
cmake_minimum_required(VERSION 3.24)

# Where the header that a line includes comes from: a room of ours, the standard, or a library (Boost, POSIX, a client).
function(origin_of line result)
  string(REGEX REPLACE ".*[<\"]([^>\"]+)[>\"].*" "\\1" included "${line}")
  set(${result} library PARENT_SCOPE)
  if(included MATCHES "^[a-z_]+$")
    set(${result} standard PARENT_SCOPE)
  endif()
  foreach(room IN ITEMS include backends connectors)
    if(EXISTS "${ROOT}/${room}/${included}")
      set(${result} ${room} PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

function(allow room)  # then the origins that it may include from
  file(GLOB_RECURSE headers "${ROOT}/${room}/carpool/*.hpp")
  foreach(header IN LISTS headers)
    file(STRINGS "${header}" lines REGEX "^ *# *include")
    foreach(line IN LISTS lines)
      origin_of("${line}" origin)
      if(NOT origin IN_LIST ARGN)
        message(SEND_ERROR "${header} may not say ${line}")
      endif()
    endforeach()
  endforeach()
endfunction()

function(forbid_in_core pattern reason)
  file(GLOB_RECURSE headers "${ROOT}/include/carpool/*.hpp")
  foreach(header IN LISTS headers)
    file(READ "${header}" text)
    string(REGEX REPLACE "//[^\n]*" "" text "${text}")  # a comment may name what code may not
    if(text MATCHES "${pattern}")
      message(SEND_ERROR "${header} may not say ${CMAKE_MATCH_0}: ${reason}")
    endif()
  endforeach()
endfunction()

allow(include standard include)
allow(backends standard library include backends)
allow(connectors standard library include connectors)
forbid_in_core("std::(recursive_|shared_|timed_)*mutex|std::atomic|std::j?thread|std::this_thread|std::condition_variable"
               "it waits and shares through its Backend")
forbid_in_core("clock::now|system_clock" "its time is its Backend's")
forbid_in_core("random_device|std::mt19937" "its chance is its Backend's")
