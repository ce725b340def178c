"""The package's own data sets, one file each, in the order of lists."""

from chaoscl.data.dataset import Dataset
from chaoscl.data.sets import addition, ag_news, cifar10, emnist_letters, fashion_mnist, imdb, mnist

OWN: tuple[Dataset, ...] = tuple(
    module.DATASET for module in (ag_news, imdb, mnist, fashion_mnist, cifar10, emnist_letters, addition)
)
