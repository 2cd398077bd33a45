# cmake -DPORT=<folder> -DWORK=<empty folder> -P rehearse.cmake: runs the port with stand-ins for vcpkg's functions, which do with
# CMake what vcpkg's do, and looks at what it installs. The client libraries are the system's.
cmake_minimum_required(VERSION 3.24)
file(REMOVE_RECURSE "${WORK}")
set(CURRENT_PACKAGES_DIR "${WORK}/package")

function(vcpkg_cmake_configure)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "SOURCE_PATH" "OPTIONS")
  execute_process(COMMAND "${CMAKE_COMMAND}" -S "${arg_SOURCE_PATH}" -B "${WORK}/build" "-DCMAKE_INSTALL_PREFIX=${CURRENT_PACKAGES_DIR}" ${arg_OPTIONS}
                  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(vcpkg_cmake_install)
  execute_process(COMMAND "${CMAKE_COMMAND}" --install "${WORK}/build" OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# Where vcpkg wants a package's CMake files: share/<port>.
function(vcpkg_cmake_config_fixup)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "CONFIG_PATH" "")
  file(GLOB files "${CURRENT_PACKAGES_DIR}/${arg_CONFIG_PATH}/*.cmake")
  if(NOT files)
    message(FATAL_ERROR "There are no CMake files in ${arg_CONFIG_PATH}")
  endif()
  file(COPY ${files} DESTINATION "${CURRENT_PACKAGES_DIR}/share/carpool")
  file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/${arg_CONFIG_PATH}")
endfunction()

function(vcpkg_fixup_pkgconfig)
endfunction()

function(vcpkg_install_copyright)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "FILE_LIST")
  configure_file("${arg_FILE_LIST}" "${CURRENT_PACKAGES_DIR}/share/carpool/copyright" COPYONLY)
endfunction()

# Each feature of the manifest is a component that CMake knows.
file(READ "${PORT}/vcpkg.json" manifest)
string(JSON count LENGTH "${manifest}" features)
math(EXPR last "${count} - 1")
set(FEATURES core)
foreach(i RANGE ${last})
  string(JSON feature MEMBER "${manifest}" features ${i})
  list(APPEND FEATURES ${feature})
endforeach()

include("${PORT}/portfile.cmake")

foreach(file IN ITEMS include/carpool/connection_pool.hpp share/carpool/carpool-config.cmake share/carpool/copyright)
  if(NOT EXISTS "${CURRENT_PACKAGES_DIR}/${file}")
    message(FATAL_ERROR "The port does not install ${file}")
  endif()
endforeach()
file(READ "${CURRENT_PACKAGES_DIR}/share/carpool/carpool-targets.cmake" targets)
foreach(component IN LISTS components)
  if(NOT targets MATCHES "carpool::${component} ")
    message(FATAL_ERROR "The port does not install the component ${component}")
  endif()
endforeach()
list(LENGTH components count)
message(STATUS "The port installs ${count} components")
