# cmake -DROOT=<tree> -DCOPY=<folder> -P another_version.cmake: the headers of the core and of the backends as another release's.
cmake_minimum_required(VERSION 3.24)
file(GLOB_RECURSE headers RELATIVE "${ROOT}" "${ROOT}/include/*.hpp" "${ROOT}/backends/*.hpp")
foreach(header IN LISTS headers)
  file(READ "${ROOT}/${header}" text)
  # A ; or a bracket of the text is no list's: each is replaced as one string.
  string(REGEX REPLACE "namespace carpool(::inline v[0-9_]+)?((::[a-z_]+)*) {" "namespace carpool::inline v98_7\\2 {" text "${text}")
  if(header STREQUAL "include/carpool/pool_options.hpp")
    string(REPLACE "struct PoolOptions {" "struct PoolOptions {\n  long long of_another_version[8] = {1, 2, 3, 4, 5, 6, 7, 8};" changed "${text}")
    if(changed STREQUAL text)
      message(FATAL_ERROR "PoolOptions is not declared as it was")
    endif()
    set(text "${changed}")
  endif()
  string(REPLACE "CARPOOL_VERSION_MAJOR 0" "CARPOOL_VERSION_MAJOR 98" text "${text}")
  file(CONFIGURE OUTPUT "${COPY}/${header}" CONTENT "@text@" @ONLY)  # leaves alone what has not changed
endforeach()
file(TOUCH "${COPY}/made")
