"""How the tests start ranks as processes."""
import os


def mpirun(ranks, *launcher):
    """The command line up to the program. Open MPI's own mpirun, where several are installed."""
    return ["mpirun", *launcher, "-n", str(ranks)]


def environment():
    """Containers run as root and have fewer cores than the tests have ranks."""
    return os.environ | {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                         "OMPI_MCA_rmaps_base_oversubscribe": "1"}
