"""What every test shares: Hypothesis without deadlines (kernels compile at their first call), Prefect without waits."""

from hypothesis import settings

from flows.services import quiet

settings.register_profile("gristmill", deadline=None)
settings.load_profile("gristmill")
quiet()
