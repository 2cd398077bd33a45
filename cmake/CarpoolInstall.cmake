# The CMake package: find_package(carpool COMPONENTS fiber_backend tcp_connector).
include(CMakePackageConfigHelpers)
include(cmake/CarpoolVersionFile.cmake)

set(package_dir "${CMAKE_INSTALL_DATADIR}/cmake/carpool")
get_property(needs GLOBAL PROPERTY CARPOOL_NEEDS)
configure_package_config_file(cmake/carpool-config.cmake.in carpool-config.cmake INSTALL_DESTINATION "${package_dir}"
                              NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
carpool_write_version_file(carpool-config-version.cmake ${PROJECT_VERSION})
install(FILES "${PROJECT_BINARY_DIR}/carpool-config.cmake" "${PROJECT_BINARY_DIR}/carpool-config-version.cmake"
        cmake/FindCivetwebLibrary.cmake DESTINATION "${package_dir}")
install(EXPORT carpool-targets NAMESPACE carpool:: DESTINATION "${package_dir}")
