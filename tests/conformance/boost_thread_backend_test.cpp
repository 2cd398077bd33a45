#include <carpool/boost_thread_backend.hpp>

#include "backend_conformance.hpp"

INSTANTIATE_TYPED_TEST_SUITE_P(Laws, BackendConformance, carpool::BoostThreadBackend, BackendName);
