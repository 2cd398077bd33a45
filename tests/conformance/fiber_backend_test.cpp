#include <carpool/fiber_backend.hpp>

#include "backend_conformance.hpp"

INSTANTIATE_TYPED_TEST_SUITE_P(Laws, BackendConformance, carpool::FiberBackend, BackendName);
