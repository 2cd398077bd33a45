#include <carpool/thread_backend.hpp>

#include "pool_conformance.hpp"

INSTANTIATE_TYPED_TEST_SUITE_P(Laws, PoolLaws, carpool::ThreadBackend, PoolBackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(Laws, PoolLawsAmongWorkers, carpool::ThreadBackend, PoolBackendName);
