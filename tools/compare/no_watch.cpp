/// In place of watch.cpp, where civetweb is missing.
#include "watch.hpp"

namespace carpool::compare {

std::unique_ptr<Watch> open_watch() {
  throw UsageError("--watch: must be left out, because this program was built without civetweb (libcivetweb-dev)");
}

}  // namespace carpool::compare
