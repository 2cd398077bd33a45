"""carpool for Conan 2: the headers and their CMake package, as `cmake --install` makes them. The client libraries are the system's."""

import pathlib
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeToolchain
from conan.tools.files import copy
from conan.tools.system.package_manager import Apt

# What a component needs beside the compiler, by the names of Debian 12.
DEBIAN = {
    "boost_thread_backend": ["libboost-thread1.81-dev"],
    "fiber_backend": ["libboost-fiber1.81-dev"],
    "simulation_backend": ["libboost-fiber1.81-dev"],
    "asio": ["libboost1.81-dev"],
    "asio_fibers": ["libboost-fiber1.81-dev"],
    "asio_postgres": ["libboost1.81-dev", "libpq-dev"],
    "redis_connector": ["libhiredis-dev", "libssl-dev", "pkg-config"],
    "postgres_connector": ["libpq-dev"],
    "mysql_connector": ["libmariadb-dev", "pkg-config"],
    "sqlite_connector": ["libsqlite3-dev"],
    "http_connector": ["libcurl4-openssl-dev"],
    "otlp_exporter": ["libcurl4-openssl-dev"],
    "tls_connector": ["libssl-dev"],
    "thrift_connector": ["libthrift-dev", "libssl-dev", "pkg-config"],
    "hive_connector": ["libthrift-dev", "libssl-dev", "pkg-config"],
    "prometheus_exporter": ["prometheus-cpp-dev"],
    "admin_page": ["libcivetweb-dev"],
}


class Carpool(ConanFile):
    name = "carpool"
    description = "Connection pools whose backend, queue, connector and eviction are template parameters"
    topics = ("connection-pool", "fibers", "redis", "postgresql", "mysql")
    license = "BSL-1.0"
    package_type = "header-library"
    settings = "os", "compiler", "build_type", "arch"
    options = {"components": ["ANY"]}  # "all" that can be, or a list as "fiber_backend,redis_connector"
    default_options = {"components": "all"}
    no_copy_source = True

    @property
    def _root(self):
        return pathlib.Path(self.recipe_folder).resolve().parents[1]

    def _components(self):
        return [] if self.options.components == "all" else str(self.options.components).split(",")

    def set_version(self):
        header = (self._root / "include" / "carpool" / "version.hpp").read_text()
        self.version = re.search(r' version = "([^"]*)"', header).group(1)

    def export_sources(self):
        for pattern in ("CMakeLists.txt", "LICENSE", "include/*", "backends/*", "connectors/*", "async/*", "operate/*", "cmake/*"):
            copy(self, pattern, self._root, self.export_sources_folder)

    def validate(self):
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration("carpool is for Linux")
        check_min_cppstd(self, 20)

    def system_requirements(self):
        packages = sorted({package for component in self._components() for package in DEBIAN.get(component, [])})
        if packages:
            Apt(self).install(packages, check=True)

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["CARPOOL_COMPONENTS"] = ";".join(self._components()) or "all"
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()  # there is nothing to compile

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder, pathlib.Path(self.package_folder) / "licenses")
        for component in self._components():
            config = pathlib.Path(self.package_folder) / "share" / "cmake" / "carpool" / "carpool-targets.cmake"
            if f"carpool::{component} " not in config.read_text():
                raise ConanInvalidConfiguration(f"carpool has no {component}, or its libraries were not found: see above")

    def package_id(self):
        self.info.settings.clear()  # headers are alike everywhere

    def package_info(self):
        # carpool's own CMake package is the one to find: it knows the components, and looks for the libraries of those alone.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = ["share/cmake/carpool"]
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
