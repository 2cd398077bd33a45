# cmake -DPREFIX=... -P every_header.cmake, in the root of the project: a full installation has every header of every room,
# but for those of `sender`, whose library no package of Debian 12 has.
cmake_minimum_required(VERSION 3.24)
foreach(room IN ITEMS include backends connectors async operate)
  file(GLOB_RECURSE headers RELATIVE "${CMAKE_CURRENT_LIST_DIR}/../../${room}" "${CMAKE_CURRENT_LIST_DIR}/../../${room}/*.hpp")
  if(NOT EXISTS "${PREFIX}/share/pkgconfig/carpool-sender.pc")
    list(FILTER headers EXCLUDE REGEX "carpool/(acquire_sender\\.hpp|sender/)")
  endif()
  foreach(header IN LISTS headers)
    if(NOT EXISTS "${PREFIX}/include/${header}")
      message(SEND_ERROR "${room}/${header} is not installed")
    endif()
  endforeach()
endforeach()
