"""The app's tables."""

from stores.models.base import Job, Stamped
from stores.models.cases import SellerCase
from stores.models.establishments import Assignment, Establishment
from stores.models.figures import (
    AreaDay,
    CoverageMonth,
    DailyFigure,
    FigureMark,
    ProductDay,
    ProductMonth,
    RegionDay,
    StoreMonth,
)
from stores.models.photos import Photo
from stores.models.places import City, Department, Region, Typology
from stores.models.portfolios import Portfolio, PortfolioItem, PortfolioVersion
from stores.models.products import Product
from stores.models.recognition import Recognition
from stores.models.sync import Clock, SyncSeen
from stores.models.unrecognised import ProductAlias, Unrecognised, UnrecognisedGroup
from stores.models.visits import DirtyDay, RejectedUpload, Visit, VisitRevision

__all__ = [
    "AreaDay",
    "Assignment",
    "City",
    "Clock",
    "CoverageMonth",
    "DailyFigure",
    "Department",
    "DirtyDay",
    "Establishment",
    "FigureMark",
    "Job",
    "Photo",
    "Portfolio",
    "PortfolioItem",
    "PortfolioVersion",
    "Product",
    "ProductAlias",
    "ProductDay",
    "ProductMonth",
    "Recognition",
    "Region",
    "RegionDay",
    "RejectedUpload",
    "SellerCase",
    "Stamped",
    "StoreMonth",
    "SyncSeen",
    "Typology",
    "Unrecognised",
    "UnrecognisedGroup",
    "Visit",
    "VisitRevision",
]
