# Which installed version a find_package(carpool X.Y) takes: docs/compatibility.md promises it.
include(CMakePackageConfigHelpers)

# Before 1.0 a minor release may break; from 1.0 on, a major one alone.
function(carpool_write_version_file file version)
  set(fits SameMajorVersion)
  if(version VERSION_LESS 1)
    set(fits SameMinorVersion)
  endif()
  write_basic_package_version_file(${file} VERSION ${version} COMPATIBILITY ${fits} ARCH_INDEPENDENT)
endfunction()
