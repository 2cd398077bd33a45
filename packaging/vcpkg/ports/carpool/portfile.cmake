# The tree that this port lies in. A registry of ports has vcpkg_from_git here, with the address and the commit of a release.
cmake_path(SET SOURCE_PATH NORMALIZE "${CMAKE_CURRENT_LIST_DIR}/../../../..")

set(VCPKG_BUILD_TYPE release)  # there is nothing to compile, so one build is both

# What needs no library is always there; the rest is chosen by features, which are the components' names with dashes.
set(components single_backend thread_backend fake_connector tcp_connector unix_connector targeted_connector)
foreach(feature IN LISTS FEATURES)
  if(NOT feature STREQUAL core)
    string(REPLACE "-" "_" component "${feature}")
    list(APPEND components ${component})
  endif()
endforeach()

vcpkg_cmake_configure(SOURCE_PATH "${SOURCE_PATH}" OPTIONS -DCARPOOL_INSTALL=ON "-DCARPOOL_COMPONENTS=${components}")
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH share/cmake/carpool)
vcpkg_fixup_pkgconfig()
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
