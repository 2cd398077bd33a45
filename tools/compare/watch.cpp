/// The page itself.
#include "watch.hpp"

#include <carpool/admin_page.hpp>
#include <carpool/pool_registry.hpp>

#include <cstdio>

namespace carpool::compare {
namespace {

class Page final : public Watch {
 public:
  Page() : page_(PoolRegistry::of_process()) { std::fprintf(stderr, "Watch the pools at %s\n", page_.url().c_str()); }

 private:
  AdminPage page_;
};

}  // namespace

std::unique_ptr<Watch> open_watch() { return std::make_unique<Page>(); }

}  // namespace carpool::compare
