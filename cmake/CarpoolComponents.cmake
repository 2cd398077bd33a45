# How the library's targets are made. One line per policy,
#
#   carpool_add_backend(fiber carpool::FiberBackend FIND Boost 1.81 CONFIG COMPONENTS fiber LINK Boost::fiber LIBS -lboost_fiber)
#
# makes the target carpool::fiber_backend of its room's headers carpool/fiber_*.hpp and carpool/fiber/, its install and export, its
# pkg-config file, the check that each of its headers compiles alone, and the conformance test of a backend. Where FIND
# finds nothing the policy is left out, and one status line says so.
#
#   FIND  the arguments of find_package: here, and in a project that uses the installed component
#   PKG   for a library that has no CMake package: its pkg-config module, found as PkgConfig::carpool_<module>
#   LINK  the targets that a user of the policy must link, beside that one
#   PC    the pkg-config modules of what FIND finds, if it has any: the component's own requires them
#   LIBS  the linker's words for what has no module, or whose module is not installed

include(GNUInstallDirs)

function(carpool_add_backend name)  # then its type
  carpool_require_type(backend ${name} ${ARGN})
  carpool_add_policy(backend ${name} ${ARGN})
endfunction()

function(carpool_add_connector name)  # then its type
  carpool_require_type(connector ${name} ${ARGN})
  carpool_add_policy(connector ${name} ${ARGN})
endfunction()

function(carpool_require_type role name)
  if(NOT ARGV2 MATCHES "::")
    message(FATAL_ERROR "carpool_add_${role}(${name} ...) needs its type as the second word, with its namespace: carpool::MyPolicy")
  endif()
endfunction()

set(CARPOOL_COMPONENTS "all" CACHE STRING "The components to offer, as fiber_backend;tcp_connector, or all: only what they need is looked for")

function(carpool_add_policy role name type)
  get_property(is_late DIRECTORY PROPERTY CARPOOL_SHARED_HEADERS_TAKEN)
  if(is_late)
    message(FATAL_ERROR "carpool_add_${role}(${name} ...) must stand above carpool_add_shared_headers, which has taken its headers")
  endif()
  set(face "${CMAKE_CURRENT_SOURCE_DIR}/carpool/${name}_${role}.hpp")
  if(NOT EXISTS "${face}")
    message(FATAL_ERROR "carpool_add_${role}(${name} ...) needs the header ${face}")
  endif()
  carpool_add_part(${name}_${role} ${name} carpool::${role}_parts ${ARGN})
  if(TARGET carpool_${name}_${role})
    set_target_properties(carpool_${name}_${role} PROPERTIES CARPOOL_TYPE ${type})
  endif()
endfunction()

# The component of the headers carpool/<name>_*.hpp, carpool/*_<name>.hpp and carpool/<name>/, beside the `parts` that it shares with others.
function(carpool_add_part component name parts)
  cmake_parse_arguments(PARSE_ARGV 3 arg "" "" "FIND;PKG;LINK;PC;LIBS")
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/carpool/${name}/*.hpp")
  file(GLOB faces CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/carpool/${name}_*.hpp" "${CMAKE_CURRENT_SOURCE_DIR}/carpool/*_${name}.hpp")
  list(APPEND headers ${faces})
  set_property(DIRECTORY APPEND PROPERTY CARPOOL_HEADERS_OF_POLICIES ${headers})
  set(missing "")
  if(NOT CARPOOL_COMPONENTS STREQUAL all AND NOT component IN_LIST CARPOOL_COMPONENTS)
    set(missing "to be named in CARPOOL_COMPONENTS")
  endif()
  if(arg_FIND AND NOT missing)
    set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)  # what is found here is linked in other directories
    list(GET arg_FIND 0 package)
    find_package(${arg_FIND} QUIET)
    if(NOT ${package}_FOUND)
      string(REGEX REPLACE ";((CONFIG|COMPONENTS);)*" " " needs "${arg_FIND}")
      list(APPEND missing ${needs})
    endif()
  endif()
  if(arg_PKG AND NOT missing MATCHES CARPOOL_COMPONENTS)
    find_package(PkgConfig QUIET)
    if(PkgConfig_FOUND)
      pkg_check_modules(carpool_${arg_PKG} QUIET IMPORTED_TARGET GLOBAL ${arg_PKG})
    endif()
    if(NOT TARGET PkgConfig::carpool_${arg_PKG})
      list(APPEND missing "${arg_PKG} (by pkg-config)")
    endif()
    list(APPEND arg_LINK PkgConfig::carpool_${arg_PKG})
  endif()
  list(JOIN missing " and " missing)
  set_property(GLOBAL APPEND_STRING PROPERTY CARPOOL_NEEDS "set(carpool_${component}_needs \"${arg_FIND}\")
set(carpool_${component}_module \"${arg_PKG}\")
set(carpool_${component}_lacked \"${missing}\")
list(APPEND carpool_known_components ${component})
")
  if(missing)
    carpool_leave_out(${component} "${missing}")
    return()
  endif()

  carpool_add_component(${component} "${CMAKE_CURRENT_SOURCE_DIR}" "${headers}" ${parts} ${arg_LINK})
  carpool_add_pkg_config(carpool-${component} REQUIRES carpool ${arg_PKG} MODULES ${arg_PC} LIBS ${arg_LIBS} LINK ${arg_LINK})
  set_property(GLOBAL APPEND PROPERTY CARPOOL_POLICIES ${component})
endfunction()

# Says so; and a project around us that links the component all the same is told the cause, where CMake would say "target
# not found". That is looked at when the whole project has been read, before CMake looks for targets itself.
function(carpool_leave_out component missing)
  if(missing MATCHES CARPOOL_COMPONENTS)
    message(VERBOSE "carpool: ${component} is left out, it needs ${missing}")
  else()
    message(STATUS "carpool: ${component} is left out, it needs ${missing}")
  endif()
  get_property(left_out GLOBAL PROPERTY CARPOOL_LEFT_OUT)
  set_property(GLOBAL APPEND PROPERTY CARPOOL_LEFT_OUT ${component})
  set_property(GLOBAL PROPERTY CARPOOL_${component}_LACKS "${missing}")
  if(NOT left_out AND NOT PROJECT_IS_TOP_LEVEL)
    cmake_language(DEFER DIRECTORY "${CMAKE_SOURCE_DIR}" CALL carpool_refuse_what_was_left_out "${CMAKE_SOURCE_DIR}")
  endif()
endfunction()

function(carpool_refuse_what_was_left_out folder)
  get_property(left_out GLOBAL PROPERTY CARPOOL_LEFT_OUT)
  get_property(targets DIRECTORY "${folder}" PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    foreach(property IN ITEMS LINK_LIBRARIES INTERFACE_LINK_LIBRARIES)
      get_property(linked TARGET ${target} PROPERTY ${property})
      foreach(component IN LISTS left_out)
        if("carpool::${component}" IN_LIST linked)
          get_property(missing GLOBAL PROPERTY CARPOOL_${component}_LACKS)
          message(FATAL_ERROR "${target} links carpool::${component}, which was left out: it needs ${missing}")
        endif()
      endforeach()
    endforeach()
  endforeach()
  get_property(folders DIRECTORY "${folder}" PROPERTY SUBDIRECTORIES)
  foreach(below IN LISTS folders)
    carpool_refuse_what_was_left_out("${below}")
  endforeach()
endfunction()

# What a room holds beside its policies: every header that no line above it took.
function(carpool_add_shared_headers component room)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS "${room}/carpool/*.hpp")
  get_property(taken DIRECTORY PROPERTY CARPOOL_HEADERS_OF_POLICIES)
  list(REMOVE_ITEM headers ${taken})
  set_property(DIRECTORY PROPERTY CARPOOL_SHARED_HEADERS_TAKEN TRUE)
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

# MODULES are required where pkg-config knows them all: their flags are their own business. Else, and for what has none, the
# file has LIBS, and the folders of headers of the targets in LINK that the compiler would not look into by itself.
function(carpool_add_pkg_config module)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "REQUIRES;MODULES;LIBS;LINK")
  if(NOT CARPOOL_INSTALL)
    return()
  endif()
  set(cflags "")
  carpool_pkg_config_knows(all_known ${arg_MODULES})
  if(all_known)
    list(APPEND arg_REQUIRES ${arg_MODULES})
    set(arg_LIBS "")
  else()
    carpool_include_flags(cflags ${arg_LINK})
  endif()
  list(JOIN arg_LIBS " " libs)
  list(JOIN arg_REQUIRES " " requires)
  file(RELATIVE_PATH up "/${CMAKE_INSTALL_DATADIR}/pkgconfig" /)  # relative: the installed tree may be moved
  configure_file("${PROJECT_SOURCE_DIR}/cmake/carpool.pc.in" "${PROJECT_BINARY_DIR}/${module}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/${module}.pc" DESTINATION "${CMAKE_INSTALL_DATADIR}/pkgconfig")
endfunction()

# False where there are no modules.
function(carpool_pkg_config_knows result)
  set(${result} FALSE PARENT_SCOPE)
  find_package(PkgConfig QUIET)
  if(ARGN AND PkgConfig_FOUND)
    execute_process(COMMAND ${PKG_CONFIG_EXECUTABLE} --exists ${ARGN} RESULT_VARIABLE unknown ERROR_QUIET)
    if(unknown EQUAL 0)
      set(${result} TRUE PARENT_SCOPE)
    endif()
  endif()
endfunction()

function(carpool_include_flags result)  # then targets
  set(folders "")
  foreach(target IN LISTS ARGN)
    get_target_property(of_target ${target} INTERFACE_INCLUDE_DIRECTORIES)
    if(of_target)
      list(APPEND folders ${of_target})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES folders)
  list(REMOVE_ITEM folders /usr/include ${CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES})
  list(TRANSFORM folders PREPEND " -I")
  list(JOIN folders "" flags)
  set(${result} "${flags}" PARENT_SCOPE)
endfunction()
