# The C library civetweb as CivetwebLibrary::civetweb. Debian's own CMake package of it fails where only libcivetweb-dev is
# installed, because it looks for the server's program too; and it has no pkg-config module.
find_path(CivetwebLibrary_INCLUDE_DIR civetweb.h)
find_library(CivetwebLibrary_LIBRARY civetweb)
mark_as_advanced(CivetwebLibrary_INCLUDE_DIR CivetwebLibrary_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CivetwebLibrary REQUIRED_VARS CivetwebLibrary_LIBRARY CivetwebLibrary_INCLUDE_DIR)

if(CivetwebLibrary_FOUND AND NOT TARGET CivetwebLibrary::civetweb)
  add_library(CivetwebLibrary::civetweb UNKNOWN IMPORTED)
  if(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL)
    set_target_properties(CivetwebLibrary::civetweb PROPERTIES IMPORTED_GLOBAL TRUE)
  endif()
  set_target_properties(CivetwebLibrary::civetweb PROPERTIES IMPORTED_LOCATION "${CivetwebLibrary_LIBRARY}"
                        INTERFACE_INCLUDE_DIRECTORIES "${CivetwebLibrary_INCLUDE_DIR}")
endif()
