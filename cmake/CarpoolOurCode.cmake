# What our own tests, benchmarks and examples share; nothing here reaches a user's program.
set(CARPOOL_SANITIZE "" CACHE STRING "Sanitizers of our tests: address,undefined or thread")

add_library(carpool_our_code INTERFACE)
target_compile_options(carpool_our_code INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
if(CARPOOL_SANITIZE)
  set(flags -fsanitize=${CARPOOL_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_compile_options(carpool_our_code INTERFACE ${flags})
  target_link_options(carpool_our_code INTERFACE ${flags})
endif()

# The policies that our programs may use: those that were not left out, less what the sanitizer cannot follow.
function(carpool_usable_policies result)
  get_property(policies GLOBAL PROPERTY CARPOOL_POLICIES)
  if(CARPOOL_SANITIZE MATCHES thread)
    list(REMOVE_ITEM policies fiber_backend)  # ThreadSanitizer takes a switch of stacks for a race
  endif()
  set(${result} ${policies} PARENT_SCOPE)
endfunction()

function(carpool_is_ours program)
  set_target_properties(${program} PROPERTIES CXX_EXTENSIONS OFF)
  carpool_usable_policies(policies)
  list(TRANSFORM policies PREPEND carpool::)
  target_link_libraries(${program} PRIVATE carpool_our_code carpool::carpool ${policies})
endfunction()

# The words after "// key: " in the first lines of a source.
function(carpool_remark source key result)
  file(STRINGS ${source} line LIMIT_COUNT 1 LIMIT_INPUT 2000 REGEX "^// ${key}: ")
  string(REGEX REPLACE "^// ${key}: " "" words "${line}")
  string(REGEX REPLACE "[ ,]+" ";" words "${words}")
  set(${result} ${words} PARENT_SCOPE)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
endfunction()

# One program of one source, linked with every usable policy. It is left out where its first lines say
#   // needs: fiber_backend      and that component is missing
#   // sanitizers: not thread    and that sanitizer is on; "none" means any
function(carpool_add_program program source)
  carpool_usable_policies(policies)
  carpool_remark(${source} needs missing)
  list(REMOVE_ITEM missing ${policies})
  carpool_remark(${source} sanitizers unwanted)
  list(POP_BACK unwanted unwanted)
  if(missing)
    message(STATUS "carpool: ${program} is left out, it needs ${missing}")
  elseif(CARPOOL_SANITIZE AND unwanted AND "${CARPOOL_SANITIZE},none" MATCHES "${unwanted}")
    message(STATUS "carpool: ${program} is left out under the ${CARPOOL_SANITIZE} sanitizer")
  else()
    add_executable(${program} ${source})
    carpool_is_ours(${program})
  endif()
endfunction()
