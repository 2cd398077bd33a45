# What our own tests, benchmarks and examples share; nothing here reaches a user's program.
set(CARPOOL_SANITIZE "" CACHE STRING "Sanitizers of our tests: address,undefined or thread; fuzzer,address,undefined for the fuzzers")

option(CARPOOL_LIBCXX "Build our tests with clang's libc++" OFF)
if(CARPOOL_LIBCXX)  # GoogleTest too, from its source
  add_compile_options(-stdlib=libc++)
  add_link_options(-stdlib=libc++)
endif()

add_library(carpool_our_code INTERFACE)
target_compile_options(carpool_our_code INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # A sixth of the build, and the same programs: g++ 12 starts to look for garbage at 128 MB, of which its largest run needs
  # ten times as much; and without optimisation it compiles each std::move and std::forward as a call.
  target_compile_options(carpool_our_code INTERFACE "SHELL:--param ggc-min-heapsize=2000000" -ffold-simple-inlines)
endif()
if(CARPOOL_SANITIZE)
  set(flags -fsanitize=${CARPOOL_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)  # what others' headers do is not ours to mend
    list(APPEND flags -fsanitize-ignorelist=${PROJECT_SOURCE_DIR}/tests/support/sanitizers.ignore)
  endif()
  if(CARPOOL_SANITIZE STREQUAL "address,undefined")
    # A fifth of the build, for what AddressSanitizer reports as well, or the fuzzers, which look for all of it, would find.
    list(APPEND flags -fno-sanitize=null,alignment)
    if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
      list(APPEND flags -fno-sanitize=function)  # clang 14 compiles no coroutine with it
    endif()
  endif()
  target_compile_options(carpool_our_code INTERFACE ${flags})
  target_link_options(carpool_our_code INTERFACE ${flags})
  if(CMAKE_CXX_COMPILER_ID STREQUAL Clang AND CARPOOL_SANITIZE MATCHES thread)
    # clang++ links an operator new that is no weak one, and some of our tests have their own; clang does not.
    target_link_options(carpool_our_code INTERFACE --driver-mode=gcc)
    target_link_libraries(carpool_our_code INTERFACE stdc++ m)
  endif()
endif()

# The policies that our programs may use: those that were not left out, less what the sanitizer cannot follow.
get_property(CARPOOL_USABLE_POLICIES GLOBAL PROPERTY CARPOOL_POLICIES)
if(CARPOOL_SANITIZE MATCHES thread)
  # ThreadSanitizer takes a switch of stacks for a race, and does not see how the client libraries, which were built
  # without it, order what they share.
  list(REMOVE_ITEM CARPOOL_USABLE_POLICIES fiber_backend asio_fibers simulation_backend tls_connector redis_connector postgres_connector asio_postgres
       mysql_connector sqlite_connector http_connector thrift_connector hive_connector)
endif()
if(CARPOOL_LIBCXX)
  # The system's libraries that are written in C++ are built for libstdc++: their headers compile, but nothing would link.
  list(REMOVE_ITEM CARPOOL_USABLE_POLICIES boost_thread_backend fiber_backend asio_fibers simulation_backend thrift_connector hive_connector
       prometheus_exporter)
endif()
list(TRANSFORM CARPOOL_USABLE_POLICIES PREPEND carpool:: OUTPUT_VARIABLE targets)
target_link_libraries(carpool_our_code INTERFACE carpool::carpool ${targets})

# Boost.Context does not tell AddressSanitizer of its stacks; this does, itself uninstrumented.
if(CARPOOL_SANITIZE MATCHES address AND TARGET carpool_fiber_backend)
  add_library(carpool_sanitizer_fcontext OBJECT "${PROJECT_SOURCE_DIR}/tests/support/sanitizer_fcontext.cpp")
  target_compile_features(carpool_sanitizer_fcontext PRIVATE cxx_std_20)
endif()

enable_testing()
# The programs that ctest runs; the rest only has to compile.
add_custom_target(carpool_tests)

# carpool_add_program(program sources... NEEDS components... LINK targets...), with every usable policy. It is left out
# where a needed component is missing; a source may ask for more in its first lines:
#   // needs: fiber_backend
#   // sanitizers: not thread     (or "none")
# What runs on one thread alone shows ThreadSanitizer nothing.
function(carpool_add_program program)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "NEEDS;LINK")
  foreach(source IN LISTS arg_UNPARSED_ARGUMENTS)
    carpool_remark(${source} needs needs)
    list(APPEND arg_NEEDS ${needs})
    carpool_remark(${source} sanitizers words)
    set(unwanted "")
    list(POP_BACK words unwanted)
    if(CARPOOL_SANITIZE AND unwanted AND "${CARPOOL_SANITIZE},none" MATCHES "${unwanted}")
      list(APPEND arg_NEEDS "another sanitizer")
    endif()
  endforeach()
  list(REMOVE_ITEM arg_NEEDS ${CARPOOL_USABLE_POLICIES})
  if(arg_NEEDS)
    list(JOIN arg_NEEDS " and " needs)
    message(STATUS "carpool: ${program} is left out, it needs ${needs}")
    return()
  endif()
  add_executable(${program} ${arg_UNPARSED_ARGUMENTS})
  set_target_properties(${program} PROPERTIES CXX_EXTENSIONS OFF)
  target_link_libraries(${program} PRIVATE carpool_our_code ${arg_LINK} $<TARGET_NAME_IF_EXISTS:carpool_sanitizer_fcontext>)
endfunction()

# ./test runs two tests per core, since most wait more than they compute. These compute: one of them counts as two.
function(carpool_test_needs_a_core)  # then names of tests
  set_tests_properties(${ARGN} PROPERTIES PROCESSORS 2)
endfunction()

# The words after "// key: " in the first lines of a source.
function(carpool_remark source key result)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
  file(STRINGS ${source} line LIMIT_COUNT 1 LIMIT_INPUT 2000 REGEX "^// ${key}: ")
  string(REGEX REPLACE "^// ${key}: " "" words "${line}")
  string(REGEX REPLACE "[ ,]+" ";" words "${words}")
  set(${result} ${words} PARENT_SCOPE)
endfunction()

# carpool_precompile(target test|program [-O<n>]): others' headers that most of our code includes, compiled once for all
# targets of that kind and that optimisation. A compiler cache saves more, and does not go with it. The preset `clang` does
# without, so that our code still includes what it uses.
option(CARPOOL_PRECOMPILE "Compile the headers of others once for all our programs" OFF)
function(carpool_precompile target kind)
  if(NOT TARGET ${target} OR NOT CARPOOL_PRECOMPILE OR CMAKE_CXX_COMPILER_LAUNCHER)
    return()
  endif()
  set(shared carpool_precompiled_${kind}${ARGN})
  if(NOT TARGET ${shared})
    file(CONFIGURE OUTPUT ${shared}.cpp CONTENT "")
    add_library(${shared} OBJECT ${CMAKE_CURRENT_BINARY_DIR}/${shared}.cpp)
    set_target_properties(${shared} PROPERTIES CXX_EXTENSIONS OFF)
    target_compile_options(${shared} PRIVATE ${ARGN})
    target_link_libraries(${shared} PRIVATE carpool_our_code $<$<STREQUAL:${kind},test>:GTest::gtest_main>)
    target_precompile_headers(${shared} PRIVATE
      <algorithm> <chrono> <functional> <map> <memory> <mutex> <optional> <random> <span> <sstream> <string> <system_error>
      <thread> <variant> <vector> $<$<STREQUAL:${kind},test>:<gtest/gtest.h$<ANGLE-R>>)
    if(fiber_backend IN_LIST CARPOOL_USABLE_POLICIES)
      target_precompile_headers(${shared} PRIVATE <boost/fiber/fiber.hpp> <boost/fiber/future.hpp>
                                <boost/fiber/operations.hpp> <boost/fiber/scheduler.hpp>)
    endif()
    if(CMAKE_CXX_COMPILER_ID STREQUAL Clang AND CARPOOL_SANITIZE)
      carpool_precompile_pool_for_clang(${shared})
    endif()
  endif()
  target_precompile_headers(${target} REUSE_FROM ${shared})
endfunction()

# The pool's headers as well, for the sanitizers: clang reads of what is precompiled only what a source needs, and takes a
# fifth to a quarter less time. g++ maps all of it into each run, which costs as much as it saves. Some of our programs set
# macros of Boost.Asio's first: they go without sanitizers.
function(carpool_precompile_pool_for_clang target)
  set(headers connection_pool evictions fifo_queue lifo_stack)
  foreach(policy IN ITEMS single_backend thread_backend boost_thread_backend fiber_backend fake_connector tcp_connector)
    if(policy IN_LIST CARPOOL_USABLE_POLICIES)
      list(APPEND headers ${policy})
    endif()
  endforeach()
  list(TRANSFORM headers REPLACE "(.+)" "<carpool/\\1.hpp>")
  if(asio IN_LIST CARPOOL_USABLE_POLICIES)
    foreach(header IN ITEMS co_spawn detached io_context ip/tcp steady_timer strand thread_pool use_awaitable use_future)
      list(APPEND headers <boost/asio/${header}.hpp>)
    endforeach()
  endif()
  target_precompile_headers(${target} PRIVATE ${headers})
endfunction()
