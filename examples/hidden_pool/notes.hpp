// What the rest of a program includes: no header of carpool's, so that none of its 400 files is compiled again with it.
#pragma once

#include <memory>
#include <string>
#include <vector>

/// Threads: any number may use one object.
class Notes {
 public:
  explicit Notes(const std::string& file);
  ~Notes();

  void add(const std::string& text);
  std::vector<std::string> all() const;

 private:
  struct Pools;  // whose type stands in notes.cpp alone
  std::unique_ptr<Pools> pools_;
};
