// needs: thread_backend
// A shared object that has the library in it, and threads that run in it when it is to be unloaded.
#include <gtest/gtest.h>

#include <dlfcn.h>

namespace {

constexpr const char* plugin = CARPOOL_TEST_PLUGIN;

TEST(Unloading, AnObjectWithTheLibraryInItStaysLoaded) {
  void* const object = ::dlopen(plugin, RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(object, nullptr) << ::dlerror();
  const auto use_a_pool = reinterpret_cast<void (*)()>(::dlsym(object, "use_a_pool"));
  ASSERT_NE(use_a_pool, nullptr) << ::dlerror();
  use_a_pool();
  EXPECT_EQ(::dlclose(object), 0);
  EXPECT_NE(::dlopen(plugin, RTLD_LAZY | RTLD_NOLOAD), nullptr) << "the reaper's thread runs where nothing is any more";
}

// The reaper's thread is started under a lock, and an object is pinned under the dynamic linker's.
TEST(Unloading, PoolsMayBeMadeWhileTheirObjectIsLoaded) {
  EXPECT_NE(::dlopen(CARPOOL_TEST_PLUGIN_WITH_STATIC_POOL, RTLD_NOW | RTLD_LOCAL), nullptr) << ::dlerror();
}

}  // namespace
