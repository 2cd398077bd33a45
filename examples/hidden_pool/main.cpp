// How to keep a pool out of one's translation units: this one includes no header of carpool's.
#include "notes.hpp"

#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>

#include <unistd.h>

int main() try {
  const auto file = std::filesystem::temp_directory_path() / ("hidden-" + std::to_string(::getpid()) + ".db");
  {
    Notes notes(file.string());
    for (const char* text : {"milk", "bread", "coffee"}) notes.add(text);
    for (const std::string& text : notes.all()) std::printf("%s\n", text.c_str());
  }
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + suffix);
} catch (const std::exception& error) {
  return std::fprintf(stderr, "%s\n", error.what()), 1;
}
