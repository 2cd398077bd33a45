# How the library's targets are made. One line per policy,
#
#   carpool_add_backend(fiber carpool::FiberBackend FIND Boost 1.81 CONFIG COMPONENTS fiber LINK Boost::fiber LIBS -lboost_fiber)
#
# makes the target carpool::fiber_backend of its room's headers carpool/fiber_*.hpp, its install and export, its
# pkg-config file, the check that each of its headers compiles alone, and the conformance test of a backend. Where FIND
# finds nothing the policy is left out, and one status line says so.
#
#   FIND  the arguments of find_package: here, and in a project that uses the installed component
#   PKG   for a library that has no CMake package: its pkg-config module, found as PkgConfig::carpool_<module>
#   LINK  the targets that a user of the policy must link, beside that one
#   LIBS  the same in the linker's words, for pkg-config

include(GNUInstallDirs)

function(carpool_add_backend name type)
  carpool_add_policy(backend ${name} ${type} ${ARGN})
endfunction()

function(carpool_add_connector name type)
  carpool_add_policy(connector ${name} ${type} ${ARGN})
endfunction()

function(carpool_add_policy role name type)
  cmake_parse_arguments(PARSE_ARGV 3 arg "" "" "FIND;PKG;LINK;LIBS")
  set(component ${name}_${role})
  file(GLOB headers CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/carpool/${name}_*.hpp")
  set_property(DIRECTORY APPEND PROPERTY CARPOOL_HEADERS_OF_POLICIES ${headers})
  set_property(GLOBAL APPEND_STRING PROPERTY CARPOOL_NEEDS "set(carpool_${component}_needs \"${arg_FIND}\")\n")
  set_property(GLOBAL APPEND_STRING PROPERTY CARPOOL_NEEDS "set(carpool_${component}_module \"${arg_PKG}\")\n")
  set(missing "")
  if(arg_FIND)
    set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)  # what is found here is linked in other directories
    list(GET arg_FIND 0 package)
    find_package(${arg_FIND} QUIET)
    if(NOT ${package}_FOUND)
      string(REGEX REPLACE ";((CONFIG|COMPONENTS);)*" " " needs "${arg_FIND}")
      list(APPEND missing ${needs})
    endif()
  endif()
  if(arg_PKG)
    find_package(PkgConfig QUIET)
    if(PkgConfig_FOUND)
      pkg_check_modules(carpool_${arg_PKG} QUIET IMPORTED_TARGET GLOBAL ${arg_PKG})
    endif()
    if(NOT TARGET PkgConfig::carpool_${arg_PKG})
      list(APPEND missing "${arg_PKG} (by pkg-config)")
    endif()
    list(APPEND arg_LINK PkgConfig::carpool_${arg_PKG})
  endif()
  if(missing)
    list(JOIN missing " and " missing)
    message(STATUS "carpool: ${component} is left out, it needs ${missing}")
    return()
  endif()

  carpool_add_component(${component} "${CMAKE_CURRENT_SOURCE_DIR}" "${headers}" carpool::${role}_parts ${arg_LINK})
  carpool_add_pkg_config(carpool-${component} REQUIRES carpool ${arg_PKG} LIBS ${arg_LIBS})
  set_property(GLOBAL APPEND PROPERTY CARPOOL_POLICIES ${component})
  set_target_properties(carpool_${component} PROPERTIES CARPOOL_TYPE ${type})
endfunction()

# What a room holds beside its policies: every header that no line above it took.
function(carpool_add_shared_headers component room)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS "${room}/carpool/*.hpp")
  get_property(taken DIRECTORY PROPERTY CARPOOL_HEADERS_OF_POLICIES)
  list(REMOVE_ITEM headers ${taken})
  carpool_add_component(${component} "${room}" "${headers}" ${ARGN})
endfunction()

function(carpool_add_component component base headers)  # then what it links
  set(target carpool_${component})
  add_library(${target} INTERFACE)
  add_library(carpool::${component} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${component} VERIFY_INTERFACE_HEADER_SETS ${CARPOOL_BUILD_TESTS})
  target_compile_features(${target} INTERFACE cxx_std_20)
  target_sources(${target} INTERFACE FILE_SET HEADERS BASE_DIRS "${base}" FILES ${headers})
  target_link_libraries(${target} INTERFACE ${ARGN})
  if(CARPOOL_INSTALL)
    install(TARGETS ${target} EXPORT carpool-targets FILE_SET HEADERS INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
  endif()
endfunction()

function(carpool_add_pkg_config module)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "REQUIRES;LIBS")
  if(NOT CARPOOL_INSTALL)
    return()
  endif()
  list(JOIN arg_LIBS " " libs)
  list(JOIN arg_REQUIRES " " requires)
  file(RELATIVE_PATH up "/${CMAKE_INSTALL_DATADIR}/pkgconfig" /)  # relative: the installed tree may be moved
  configure_file("${PROJECT_SOURCE_DIR}/cmake/carpool.pc.in" "${PROJECT_BINARY_DIR}/${module}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/${module}.pc" DESTINATION "${CMAKE_INSTALL_DATADIR}/pkgconfig")
endfunction()
